# ci/: targets about the house itself. Each that needs other flags rebuilds in a directory of its own.
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/^\#define EP_VERSION "\(.*\)"/\1/p' reference/eprop.h)
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
INSTALLED_PROGRAMS := $(filter $(BUILD)/eprop-%,$(PROGRAMS))
INSTALLED_HEADERS := reference/eprop.h verify/eprop_port.h optimized/opt.h optimized/opt_fixed.h optimized/fixed/fix.h

# Fuzz targets, one for each parser. As tests they replay their seeds; `make fuzz` links the same objects with libFuzzer.
CPPFLAGS_ci := -Iverify -Itasks -Ioptimized -Ireports -Ibench
FUZZ := $(patsubst ci/fuzz/%.c,$(BUILD)/ci/fuzz/%,$(filter-out $(if $(SPEECH_NOT_BUILT),%_phn.c %_audio.c %_cache.c) $(if $(PNG_NOT_BUILT),%_png.c),$(wildcard ci/fuzz/fuzz_*.c)))
# FUZZER: where the ordinary build lies. The kernels and the reference come from there: no parser lies in them, and clang
# needs many minutes for them under sanitizers.
KERNELS := $(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-ref.a
FUZZ_LIBS := $(LIB_VFY) $(LIB_BENCH) $(LIB_REP) $(filter-out $(if $(FUZZER),$(KERNELS)),$(LIBS_OF_TASKS))
FUZZ_KERNELS = $(if $(FUZZER),$(KERNELS:$(BUILD)/%=$(FUZZER)/%)) $(BUILD)/libeprop-spec.a
# FUZZ_ENGINE: libfuzzer, or afl, which brings a main of its own (ci/fuzz/afl.c).
FUZZ_ENGINE ?= libfuzzer
FUZZ_MAIN = $(BUILD)/ci/fuzz/$(if $(FUZZER),$(if $(filter afl,$(FUZZ_ENGINE)),afl.o),replay.o)
$(FUZZ): %: %.o $(BUILD)/ci/fuzz/file.o $(filter %.o,$(FUZZ_MAIN)) $(FUZZ_LIBS)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(FUZZER),$(if $(filter afl,$(FUZZ_ENGINE)),,-fsanitize=fuzzer)) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(FUZZ_KERNELS) $(LDLIBS_TASKS) $(LDLIBS_VFY) $(LDFLAGS)
# Command lines: the programs' own files, but for their mains; a port for the lines that the judge says.
$(BUILD)/ci/fuzz/fuzz_args: $(call objs,tasks/cli/options.c $(filter-out %/main.c,$(wildcard verify/cli/*.c))) $(MUTANTS).o $(FIXED_MUTANTS_O)
$(BUILD)/ci/fuzz/fuzz_args_bench: $(call objs,$(filter-out %/main.c %/cmd_child.c,$(wildcard bench/cli/*.c)))
$(BUILD)/ci/fuzz/fuzz_host: | $(BUILD)/verify/ports/c/plugin.so
$(BUILD)/ci/fuzz/fuzz_host.o: CPPFLAGS += -DFUZZ_PLUGIN='"$(abspath $(BUILD))/verify/ports/c/plugin.so"'
$(BUILD)/ci/fuzz/replay.o: CPPFLAGS += -DFUZZ_SEEDS='"$(abspath ci/fuzz/seeds)"'
ALL_SRC += $(wildcard ci/fuzz/*.c)
CHECK_TESTS += $(FUZZ)
fuzz: $(KERNELS) ## every parser under libFuzzer (clang; build-fuzz/) or, FUZZ_ENGINE=afl, AFL++ (build-afl/), FUZZ_RUNS inputs each
	$(if $(filter afl,$(FUZZ_ENGINE)),AFL_USE_ASAN=1 $(MAKE) BUILD=build-afl CC=afl-clang-fast OPT=-O1 FUZZER=$(BUILD) fuzz-programs, \
	    $(MAKE) BUILD=build-fuzz CC=clang OPT=-O1 SAN="$(SANITIZERS) -fsanitize=fuzzer-no-link" FUZZER=$(BUILD) fuzz-programs)
	@$(call run_dir,fuzz,make fuzz)
	@FUZZ_ENGINE=$(FUZZ_ENGINE) sh ci/fuzz.sh $(if $(filter afl,$(FUZZ_ENGINE)),build-afl,build-fuzz) $(BUILD)/runs/fuzz
fuzz-programs: $(FUZZ)

sanitize: ## Check tests under AddressSanitizer and UBSan (build-asan/)
	$(MAKE) BUILD=build-asan OPT=-O1 SAN="$(SANITIZERS)" check-white
# Not under valgrind, which is thirty times slower and does not follow other processes: programs that start many, that train for seconds,
# make whole sets of vectors or run every case of a long list. AddressSanitizer sees all of these.
NO_VALGRIND := $(addprefix $(BUILD)/,bench/test/test_bench_cli bench/test/test_stat bench/test/test_paired \
    $(addprefix tasks/test/test_,arm check cli matrix mpi omniglot omniglot_glyph speech_corpus speech_frames speech_task speech_timit stream tasks train) \
    optimized/test/test_fast_lstm $(addprefix verify/test/,differ/differ $(addprefix test_,plan port port_fixed port_template starve starve_reference stream vectors)))
valgrind: ## Check tests under valgrind, multiplier 0.02
	EPROP_TEST_MULTIPLIER=$${EPROP_TEST_MULTIPLIER:-0.02} \
	EPROP_TEST_WRAPPER="valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,possible" \
	$(MAKE) check-valgrind
check-valgrind: $(filter-out $(NO_VALGRIND),$(CHECK_TESTS))
	@CK_FORK=no sh ci/run-tests.sh $(BUILD) "$^" ""
check-white: $(CHECK_TESTS) ## only the Check tests, each in one process (CK_FORK=no)
	@CK_FORK=no sh ci/run-tests.sh $(BUILD) "$(CHECK_TESTS)" ""
ENGINE_TESTS := $(filter $(BUILD)/optimized/test/% $(BUILD)/verify/test/test_scalar_% $(BUILD)/verify/test/test_fast_%,$(CHECK_TESTS))
check-levels: $(ENGINE_TESTS) ## tests of the scalar and fast engines, on the widest vectors and on none
	@CK_FORK=no sh ci/run-tests.sh $(BUILD) "$(ENGINE_TESTS)" ""
	@EPROP_FAST_ISA=base CK_FORK=no sh ci/run-tests.sh $(BUILD) "$(ENGINE_TESTS)" ""
# The programs in which threads share memory: the engines' batches, the reference's trials, the tasks' batches, vector files.
THREADED := $(addprefix $(BUILD)/,optimized/test/test_fast_lsnn optimized/test/test_fast_lstm reference/test/test_algo tasks/test/test_train verify/test/test_plan)
threads: ## tests of what uses threads, under ThreadSanitizer (build-tsan/)
	EPROP_TEST_MULTIPLIER=$${EPROP_TEST_MULTIPLIER:-0.1} $(MAKE) BUILD=build-tsan OPT=-O1 SAN=-fsanitize=thread check-threads
check-threads: $(THREADED)
	@CK_FORK=no sh ci/run-tests.sh $(BUILD) "$(THREADED)" ""
canary: all $(PLUGIN_C) $(DIFFER) ## plant a mistake for each tool of continuous integration: it must be seen
	@$(call run_dir,canaries,make canary)
	@sh ci/canary.sh $(BUILD)
faults: all $(PORT_C) ## kill programs at random moments, take disc and memory away: build/runs/faults
	@$(call run_dir,faults,make faults)
	@sh ci/faults.sh $(BUILD)
code-mutants: ## exchange operators in reference/ and optimized/, one at a time: do the tests notice? (an hour; goes on where it was stopped)
	@$(call run_dir,code-mutants,make code-mutants)
	@sh ci/mutate.sh $(BUILD)
ci: ## every stage (an hour)
	@sh ci/run.sh all
coverage: ## lines and branches that the tests reach, by gcov (build-cov/), and why the rest is not: build/runs/coverage, a part of the report
	@find build-cov -name '*.gcda' -delete 2>/dev/null || true # counts of earlier runs
	EPROP_TEST_MULTIPLIER=$${EPROP_TEST_MULTIPLIER:-0.2} EPROP_TEST_PATIENCE=$${EPROP_TEST_PATIENCE:-5} CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER:-5} \
	$(MAKE) BUILD=build-cov OPT=-O0 SAN=--coverage check
	@$(call run_dir,coverage,make coverage)
	@sh ci/coverage.sh build-cov $(BUILD)/runs/coverage

# A sweep of its own length has a target of its own.
BENCHES := $(filter-out %-wordlength,$(filter $(BUILD)/bench-%,$(PROGRAMS)))
bench: $(BENCHES) ## run the measurements of bench/ (about 5 minutes); bench-NAME --tsv FILE writes one for machines
	@for b in $(BENCHES); do echo "== $$b"; $$b || exit $$?; done

lint: $(LIBS) $(BUILD)/eprop-judge ## rules of the house: dependencies, sizes, names, cppcheck
	@sh ci/lint.sh $(BUILD)
format: ## reformat the C files with clang-format
	clang-format -i $(sort $(ALL_SRC)) $(wildcard */*.h)
format-check: ## say which files clang-format would change (advice, never a failure)
	@for f in $(sort $(ALL_SRC)) $(wildcard */*.h); do \
	    clang-format "$$f" | cmp -s - "$$f" || echo "format: $$f"; done

# Pages of the manual: what the programs say with --help, so these must run here.
man: $(INSTALLED_PROGRAMS) ## pages of the manual from --help: build/man
	@sh ci/man.sh $(BUILD) $(VERSION) "$$(git log -1 --format=%cs 2>/dev/null || date -r reference/eprop.h +%Y-%m-%d)"
MAN1 = $(DESTDIR)$(PREFIX)/share/man/man1
install: all man $(BUILD)/eprop-verify.pc ## headers, libraries, programs, manual, pkg-config file into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include $(MAN1)
	install -m 644 $(BUILD)/man/*.1 $(MAN1)
	install -m 755 $(INSTALLED_PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(LIBS) $(DESTDIR)$(PREFIX)/lib
	install -m 644 $(INSTALLED_HEADERS) $(DESTDIR)$(PREFIX)/include
	sed 's|"fixed/fix.h"|"fix.h"|' optimized/opt_fixed.h > $(DESTDIR)$(PREFIX)/include/opt_fixed.h # installed side by side
	install -m 644 $(BUILD)/eprop-verify.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig
uninstall: ## remove what install wrote
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(INSTALLED_PROGRAMS))) \
	      $(addprefix $(DESTDIR)$(PREFIX)/lib/,$(notdir $(LIBS))) \
	      $(addprefix $(DESTDIR)$(PREFIX)/include/,$(notdir $(INSTALLED_HEADERS))) \
	      $(DESTDIR)$(PREFIX)/lib/pkgconfig/eprop-verify.pc $(addprefix $(MAN1)/,$(notdir $(wildcard $(BUILD)/man/*.1)))
deb: all ## a Debian package of what is installed: build/eprop-verify_VERSION_ARCH.deb
	@+sh ci/deb.sh $(BUILD) $(VERSION)
$(BUILD)/eprop-verify.pc: reference/eprop.h always # PREFIX may have changed
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
	    'Name: eprop-verify' 'Description: gradients of recurrent spiking networks by e-prop, and proofs that they are right' \
	    'Version: $(VERSION)' 'Libs: -L$${libdir} -leprop-optimized -leprop-spec -lm -pthread' \
	    'Cflags: -I$${includedir} -pthread' > $@
version:
	@echo $(VERSION)
dist: ## source archive of the last commit
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=eprop-verify-$(VERSION)/ -o $(BUILD)/eprop-verify-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/eprop-verify-$(VERSION).tar.gz

.PHONY: man deb version fuzz fuzz-programs threads check-threads canary faults code-mutants ci always bench sanitize valgrind check-white check-valgrind check-levels coverage lint format format-check install uninstall dist
