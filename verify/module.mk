# verify/: the judge. libeprop-verify and the program eprop-verify (verify/cli).
CPPFLAGS_verify += -Iverify
# The judge proper: vector files, ports, the comparer, the verdict. It stands on libeprop-spec alone.
JUDGE_SRC := $(sort $(addprefix verify/,compare.c outfile.c plugin.c fixed_case.c quantity.c result.c sha256.c vectors_flags.c) \
    $(wildcard verify/epv_*.c) $(filter-out verify/port_detect.c,$(wildcard verify/port_*.c)))
JUDGE_CLI := verify/judge/main.c verify/cli/cmd_port.c verify/cli/common.c
LIB_JUDGE := $(BUILD)/libeprop-judge.a
$(eval $(call static_lib,eprop-judge,$(JUDGE_SRC)))
$(eval $(call program,eprop-judge,$(JUDGE_CLI),$(LIB_JUDGE) $(LIB_SPEC),-ljansson -ldl -lm))
# Evidence and vectors: with the reference.
VFY_SRC := $(filter-out $(JUDGE_SRC),$(wildcard verify/*.c))
LIB_VFY := $(BUILD)/libeprop-verify.a $(LIB_JUDGE)
LDLIBS_VFY := -ljansson -ldl $(LDLIBS_REF)
$(eval $(call static_lib,eprop-verify,$(VFY_SRC)))
$(eval $(call program,eprop-verify,$(wildcard verify/cli/*.c),$(LIB_VFY) $(LIB_TABLE_A) $(LIB_REF) $(LIB_SPEC),$(LDLIBS_VFY)))
# Check's archive calls floor: libm must come after it for tests that need nothing else of libm.
$(call check_tests,$(wildcard verify/test/test_*.c),$(LIB_VFY) $(LIB_TABLE_A) $(LIB_REF) $(LIB_SPEC),$(LDLIBS_VFY) -lcheck -lm)

# Memory refused to our own objects, request by request.
ALL_SRC += verify/test/starve.c
STARVED := $(BUILD)/verify/test/test_starve $(BUILD)/verify/test/test_starve_reference
$(STARVED): $(BUILD)/verify/test/starve.o
$(BUILD)/verify/test/test_starve_reference: $(call objs,$(wildcard optimized/fixed/*.c))
$(STARVED): LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=free

# Random networks through all engines against the reference: a test without an argument, `make differ` for more.
DIFFER := $(BUILD)/verify/test/differ/differ
DIFFER_SRC := $(wildcard verify/test/differ/*.c)
CHECK_TESTS += $(DIFFER)
ALL_SRC += $(DIFFER_SRC)
$(DIFFER): $(call objs,$(DIFFER_SRC)) $(LIB_OPT) $(LIB_REF) $(LIB_SPEC)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS_REF) $(LDFLAGS)
differ: $(DIFFER) ## random networks through every engine against the reference, DIFFER_SECONDS (default 60): build/runs/differ, a part of the report
	@$(call run_dir,differ,make differ)
	@$(DIFFER) --seed $${DIFFER_SEED:-1} --seconds $${DIFFER_SECONDS:-60} --out $(BUILD)/runs/differ
.PHONY: differ

# Criterion, black-box: one program from verify/conform/*.c; it links nothing of ours and runs command lines.
CONFORM_SRC := $(wildcard verify/conform/*.c)
ifneq ($(CONFORM_SRC),)
CONFORM_TESTS += $(BUILD)/verify/conform/conform
ALL_SRC += $(CONFORM_SRC)
$(BUILD)/verify/conform/conform: $(call objs,$(CONFORM_SRC))
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) -lcriterion $(LDFLAGS)
endif

# The template as a shared object: right, and without the reset.
PLUGIN_C := $(BUILD)/verify/ports/c/plugin.so $(BUILD)/verify/ports/c/no_reset/plugin.so
$(BUILD)/verify/ports/c/plugin.so: verify/ports/c/plugin.c verify/ports/c/network.h verify/eprop_port.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -Iverify -o $@ $< -lm
$(BUILD)/verify/ports/c/no_reset/plugin.so: verify/ports/c/plugin.c verify/ports/c/network.h verify/eprop_port.h
	@mkdir -p $(@D)
	$(Q)cp $< $(@D)/plugin.c && sed 's/ - c.v_th \* z_before\[j\]//' verify/ports/c/network.h > $(@D)/network.h
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -Iverify -o $@ $(@D)/plugin.c -lm
$(BUILD)/verify/test/test_port_template $(BUILD)/verify/test/test_starve: $(PLUGIN_C)
$(BUILD)/verify/test/test_starve.o: CPPFLAGS += -DPLUGIN_SO='"$(abspath $(BUILD))/verify/ports/c/plugin.so"'
$(BUILD)/verify/test/test_port_template.o: CPPFLAGS += -DPLUGIN_SO='"$(abspath $(BUILD))/verify/ports/c/%splugin.so"'

# Ports for the loader's tests: one right (0), ten with one wrong line, the rest with a broken table or answer.
TINY_KINDS := 0 1 2 3 4 5 6 7 8 9 10 20 21 22 23 24 25 26 27 28 29 30 31
TINY_SO := $(foreach k,$(TINY_KINDS),$(BUILD)/verify/test/plugin_tiny$(k).so)
$(TINY_SO): $(BUILD)/verify/test/plugin_tiny%.so: verify/test/plugin_tiny.c verify/eprop_port.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -Iverify -DTINY=$* -o $@ $<
$(BUILD)/verify/test/test_plugin: $(TINY_SO)

# The template port inside eprop-verify, with a switch for each one-line mistake of its catalogue.
MUTANTS := $(BUILD)/verify/ports/c/mutants
$(MUTANTS).c: verify/ports/c/mutants.awk verify/ports/c/mutants.txt verify/ports/c/network.h verify/ports/c/port.c
	@mkdir -p $(@D)
	$(Q)awk -f verify/ports/c/mutants.awk verify/ports/c/mutants.txt verify/ports/c/network.h verify/ports/c/port.c > $@.tmp && mv $@.tmp $@
$(MUTANTS).o: $(MUTANTS).c verify/ports/c/template.h
	$(Q)$(CC) $(CPPFLAGS) -Iverify/ports/c $(ALL_CFLAGS) -c -o $@ $<
# The same of the integer template and core, file by file.
FIXED_MUTANTS := $(BUILD)/verify/ports/c/fixed_mutants
FIXED_SRC := verify/ports/c/fixed.c $(wildcard optimized/fixed/*.[ch])
FIXED_MUTANTS_O := $(patsubst %.c,$(FIXED_MUTANTS)/%.o,table.c $(notdir $(filter %.c,$(FIXED_SRC))))
$(FIXED_MUTANTS)/table.c: verify/ports/c/mutants.awk verify/ports/c/fixed_mutants.txt $(FIXED_SRC)
	@mkdir -p $(@D)
	$(Q)awk -v dir=$(@D) -v set=fixed_ -f verify/ports/c/mutants.awk verify/ports/c/fixed_mutants.txt $(FIXED_SRC) || { rm -f $@; false; }
$(FIXED_MUTANTS_O): $(FIXED_MUTANTS)/%.o: $(FIXED_MUTANTS)/table.c verify/ports/c/template.h
	$(Q)$(CC) -I$(FIXED_MUTANTS) -Iverify/ports/c $(ALL_CFLAGS) -c -o $@ $(FIXED_MUTANTS)/$*.c
$(BUILD)/eprop-verify $(BUILD)/verify/test/test_port_template $(BUILD)/verify/test/test_stream: $(MUTANTS).o
$(BUILD)/eprop-verify $(BUILD)/verify/test/test_port_template $(BUILD)/verify/test/test_port_fixed: $(FIXED_MUTANTS_O)
# $(call run_dir,NAME,text): a run directory for the report, whose tables the recipe writes.
run_dir = mkdir -p $(BUILD)/runs/$(1)/data && printf '{"program": "%s", "version": "%s", "commit": "%s"}\n' '$(2)' '$(VERSION)' \
    "$$(git rev-parse --short=12 HEAD 2>/dev/null)" > $(BUILD)/runs/$(1)/manifest.json
mutants: $(BUILD)/eprop-verify ## which one-line mistakes are caught, and where: build/runs/mutants, a part of the report
	@$(call run_dir,mutants,eprop-verify selftest)
	@$(BUILD)/eprop-verify selftest --table $(BUILD)/runs/mutants/data/mutants.tsv

windows: $(BUILD)/eprop-verify ## how far rules in windows are from BPTT, by window length: build/runs/windows, a part of the report
	@rm -rf $(BUILD)/runs/windows && $(BUILD)/eprop-verify windows --out $(BUILD)/runs/windows
.PHONY: windows

# Ports as examples: each a program that speaks lines.
PORT_C := $(BUILD)/verify/ports/c/port
$(PORT_C): verify/ports/c/port.c verify/ports/c/network.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< -lm
PORT_FIXED := $(BUILD)/verify/ports/c/fixed
$(PORT_FIXED): verify/ports/c/fixed.c $(wildcard optimized/fixed/*.[ch])
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Ioptimized/fixed -o $@ $(filter %.c,$^)
PORT_VERILOG := $(BUILD)/verify/ports/verilog/port.vvp
$(PORT_VERILOG): verify/ports/verilog/port.v
	@mkdir -p $(@D)
	$(Q)iverilog -g2005 -Wall -o $@ $<
PORT_RUST := $(BUILD)/verify/ports/rust/port
$(PORT_RUST): verify/ports/rust/port.rs
	@mkdir -p $(@D)
	$(Q)MAKEFLAGS= rustc -O -D warnings -o $@ $<
PORTS := $(PORT_C) $(PORT_FIXED) $(if $(shell command -v rustc 2>/dev/null),$(PORT_RUST)) $(if $(shell command -v iverilog 2>/dev/null),$(PORT_VERILOG))
ports: $(PORTS) ## build the template ports (Rust, Verilog where rustc, iverilog are there)
$(BUILD)/verify/conform/conform: $(PORT_C) $(filter %.vvp,$(PORTS)) $(BUILD)/eprop-judge
.PHONY: mutants ports

# Our own engines through the door for ports: NAME.so from engine_port.c with -DENGINE, -DONLINE, -DCHUNK, -DCLAIMS.
ENGINE_DIR := $(BUILD)/verify/engines
ENGINE_scalar := scalar 0 0 SCALAR
ENGINE_scalar-online := scalar 1 0 SCALAR_ONLINE
ENGINE_fast := fast 0 0 FAST
ENGINE_fast-chunk := fast 0 7 FAST_CHUNK
ENGINE_fast-online := fast 1 7 FAST_ONLINE
# Integers are judged on what they can promise of a network in binary32: its spikes, and the gradient's direction.
ENGINE_fixed-q15-spikes := q15 0 0 FIXED_SPIKES
ENGINE_fixed-q15-gradient := q15 0 0 FIXED_GRADIENT
ENGINE_fixed-s16-15-spikes := s16.15 0 0 FIXED_SPIKES
ENGINE_fixed-s16-15-gradient := s16.15 0 0 FIXED_GRADIENT
ENGINES := scalar scalar-online fast fast-chunk fast-online $(patsubst ENGINE_%,%,$(filter ENGINE_fixed%,$(.VARIABLES)))
ENGINE_SO := $(ENGINES:%=$(ENGINE_DIR)/%.so)
# Shared objects need code that can stand anywhere.
pic = $(patsubst %.c,$(BUILD)/pic/%.o,$(1))
$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CPPFLAGS_$(firstword $(subst /, ,$<))) $(ALL_CFLAGS) -fPIC -MMD -MP -c -o $@ $<
SCALAR_PIC := $(call pic,optimized/opt.c $(wildcard optimized/scalar/*.c reference/spec/*.c))
FAST_PIC := $(call pic,$(wildcard optimized/fast/*.c))
FIXED_PIC := $(call pic,$(wildcard optimized/fixed/*.c optimized/fixed_host/*.c))
-include $(patsubst %.o,%.d,$(SCALAR_PIC) $(FAST_PIC) $(FIXED_PIC))
$(filter $(ENGINE_DIR)/fixed%,$(ENGINE_SO)): $(FIXED_PIC)
$(filter $(ENGINE_DIR)/fast%,$(ENGINE_SO)): $(FAST_PIC)
$(ENGINE_SO): $(ENGINE_DIR)/%.so: verify/test/engines/engine_port.c verify/eprop_port.h $(SCALAR_PIC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Ioptimized -Iverify $(ALL_CFLAGS) -fPIC -shared $(if $(filter fixed%,$*),-DFORMATS=F32_ALONE -DFIXED='"$(word 1,$(ENGINE_$*))"',-DFORMATS=BOTH -DENGINE=$(word 1,$(ENGINE_$*))) -DONLINE=$(word 2,$(ENGINE_$*)) \
	    -DCHUNK=$(word 3,$(ENGINE_$*)) -DCLAIMS=$(word 4,$(ENGINE_$*)) -DNAME='"$*"' -o $@ $< $(filter %.o,$^) -ldl -lm $(LDFLAGS)
# The integer engine word for word: judged by equality.
INTEGERS := q15 s16.15 w8 reckon
INTEGER_SO := $(INTEGERS:%=$(ENGINE_DIR)/integer-%.so)
$(INTEGER_SO): $(ENGINE_DIR)/integer-%.so: verify/test/engines/fixed_port.c verify/eprop_port.h $(FIXED_PIC) $(SCALAR_PIC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Ioptimized -Iverify $(ALL_CFLAGS) -fPIC -shared -DPROFILE='"$*"' -DFORMAT=EPROP_FIXED_$(subst q,Q,$(subst s,S,$(subst w,W,$(subst reckon,RECKON,$(subst .,_,$*))))) \
	    -DNAME='"integer-$(subst .,-,$*)"' -o $@ $< $(filter %.o,$^) -lm $(LDFLAGS)
$(BUILD)/verify/test/test_port_fixed: $(INTEGER_SO)
$(BUILD)/verify/test/test_port_fixed.o: CPPFLAGS += -DENGINE_DIR='"$(abspath $(ENGINE_DIR))"'
engines: $(ENGINE_SO) $(INTEGER_SO) ## our own engines as plugins for the judge: build/verify/engines
ports-check: engines ports $(BUILD)/eprop-judge $(if $(VECTORS),,$(BUILD)/eprop-verify) ## judge templates and engines by level 1, or VECTORS=DIR: build/runs/ports, a part of the report
	@$(if $(VECTORS),,rm -rf $(BUILD)/vectors-v1 && $(BUILD)/eprop-verify vectors $(BUILD)/vectors-v1)
	@$(call run_dir,ports,make ports-check)
	@sh verify/ports/check.sh $(BUILD) $(if $(VECTORS),$(VECTORS),$(BUILD)/vectors-v1) $(BUILD)/runs/ports/data/ports.tsv
.PHONY: engines ports-check
$(BUILD)/verify/test/test_vectors: $(filter $(ENGINE_DIR)/scalar%,$(ENGINE_SO))
$(BUILD)/verify/test/test_vectors.o: CPPFLAGS += -DENGINE_DIR='"$(abspath $(ENGINE_DIR))"'
# A network of 100 neurons over 100 and 1000 steps, judged while the answers come: states and gradients, without traces.
PORT_LARGE := $(BUILD)/verify/ports/c/large
$(PORT_LARGE): verify/ports/c/port.c verify/ports/c/network.h
	@mkdir -p $(@D)
	$(Q)sed 's/eps_v,eps_a,e,ebar,y,err/y,err/' $< > $@.c
	$(Q)$(CC) $(ALL_CFLAGS) -Iverify/ports/c -DPORT_SIZE=100 -DPORT_STEPS=1000 -o $@ $@.c -lm
stream: $(BUILD)/eprop-verify $(PORT_LARGE) ## 100 neurons over 100 and 1000 steps: the judge's memory does not grow with the steps
	@for steps in 100 1000; do awk -v N=100 -v T=$$steps -v format=f32 -f verify/test/big_case.awk > $(BUILD)/large-$$steps.epv && \
	    $(BUILD)/eprop-verify port --port $(PORT_LARGE) --vectors $(BUILD)/large-$$steps.epv | grep -v '^TAP\|^1\.\.' || exit 1; done
.PHONY: stream
dist-vectors: $(BUILD)/eprop-verify ## the vector files of level 1 as an archive, the same bytes everywhere
	@rm -rf $(BUILD)/vectors-v1 && $(BUILD)/eprop-verify vectors $(BUILD)/vectors-v1
	@tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C $(BUILD) -cf - vectors-v1 | gzip -n9 > $(BUILD)/eprop-vectors-v1.tar.gz
	@echo $(BUILD)/eprop-vectors-v1.tar.gz
judge: $(BUILD)/eprop-judge ## the judge alone, from vector files: without MPFR, MPFI, GMP
# Sources of the judge alone: what the compiler says it reads, and what a reader wants beside it.
JUDGE_DIST = $(BUILD)/eprop-judge-$(VERSION)
dist-judge: ## the judge's sources as an archive that any C compiler builds
	@rm -rf $(JUDGE_DIST) && mkdir -p $(JUDGE_DIST)
	@$(CC) $(CPPFLAGS) -Iverify -DEPROP_NO_JANSSON -MM $(JUDGE_SRC) $(JUDGE_CLI) $(SPEC_SRC) | tr -s ' \\' '\n\n' | grep -E '\.[ch]$$' | sort -u | \
	    sed 's|verify/judge/\.\./|verify/|' | sort -u | tar --exclude='mutants.*' -T - -cf - LICENSE verify/PROTOCOL.md verify/ports verify/judge reference/PRESETS.md | tar -C $(JUDGE_DIST) -xf -
	@mv $(JUDGE_DIST)/verify/judge/Makefile $(JUDGE_DIST)/verify/judge/README.md $(JUDGE_DIST)
	@tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX -C $(BUILD) -cf - $(notdir $(JUDGE_DIST)) | gzip -n9 > $(JUDGE_DIST).tar.gz
	@rm -rf $(JUDGE_DIST) && echo $(JUDGE_DIST).tar.gz
.PHONY: dist-vectors judge dist-judge

fixed-long: $(BUILD)/verify/test/test_fixed_long ## ten million random steps of the integer core against the slow model
	@CK_FORK=no EPROP_TEST_TABLE=1 EPROP_TEST_MULTIPLIER=$${EPROP_TEST_MULTIPLIER:-1000} $<
.PHONY: fixed-long

fixed-bounds: $(BUILD)/verify/test/test_fixed_bound ## what each profile of fixed point costs, bound and measured: build/runs/fixed-bounds, for the report
	@mkdir -p $(BUILD)/runs/fixed-bounds/data
	@CK_FORK=no EPROP_TEST_TSV=$(BUILD)/runs/fixed-bounds/data/fixed_bounds.tsv $<
	@echo '{"program": "test_fixed_bound"}' > $(BUILD)/runs/fixed-bounds/manifest.json
	@echo $(BUILD)/runs/fixed-bounds/data/fixed_bounds.tsv
.PHONY: fixed-bounds

# Elsewhere: on whatever cross compilers and emulators are installed (make deps-cross).
cross: ## integer core and scalar engine under qemu-user against the host
	@CC="$(CC)" sh verify/test/cross.sh user $(BUILD)/cross
mcu: ## the same on emulated Cortex-M and RISC-V boards
	@CC="$(CC)" sh verify/test/cross.sh mcu $(BUILD)/mcu
cross-bugs: ## five planted portability bugs: caught where they matter, and only there
	@CC="$(CC)" sh verify/test/cross.sh bugs $(BUILD)/cross-bugs
mcu-figures: ## the integer core on Cortex-M4 and RV32: bytes, what fits, instructions a step
	@CC="$(CC)" sh verify/test/cross.sh figures $(BUILD)/mcu-figures
deps-cross: ## install compilers and emulators for cross, mcu and cross-bugs (about 3 GB)
	@sh ci/install-deps.sh cross
.PHONY: cross mcu cross-bugs mcu-figures deps-cross
