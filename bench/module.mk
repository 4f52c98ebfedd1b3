# bench/: the stopwatch.
$(eval $(call program,bench-arith,bench/arith_overhead.c bench/stat.c bench/roofline.c,$(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a,-ldl -lmpfi -lmpfr -lgmp -lm))
CPPFLAGS_bench := -Ibench
$(eval $(call program,bench-reference,bench/reference.c bench/net.c bench/naive.c bench/roofline.c,$(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a,-ldl -lmpfr -lgmp -lm))
CPPFLAGS_bench += -Ioptimized -Iverify -Itasks
# The engines: sides of a comparison in one process, results as lines.
BENCH_PAIRED := $(addprefix bench/,paired.c stat.c lines.c roofline.c)
BENCH_ENGINE_LIBS := $(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-spec.a
$(eval $(call program,bench-gemm,bench/gemm.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))
$(eval $(call program,bench-lstm,bench/engines_lstm.c bench/lstm_subject.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))
$(eval $(call program,bench-windows,bench/windows.c bench/lstm_subject.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))
$(eval $(call program,bench-engines,bench/engines.c bench/threads.c bench/subject.c bench/online.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))
$(eval $(call program,bench-fixed,bench/fixed.c bench/subject.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))

# How many bits does e-prop need? Some minutes on one core.
$(eval $(call program,bench-wordlength,bench/wordlength.c bench/word.c,$(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-spec.a,-lm))
wordlength: $(BUILD)/bench-wordlength ## sweep of word lengths in fixed point: build/runs/wordlength, for the report
	@mkdir -p $(BUILD)/runs && rm -rf $(BUILD)/runs/wordlength $(BUILD)/runs/wordlength.tmp
	@$(BUILD)/bench-wordlength --out $(BUILD)/runs/wordlength && echo $(BUILD)/runs/wordlength
.PHONY: wordlength

# eprop-bench: the harness. Its flags stand in the record of every run.
BENCH_SRC := $(addprefix bench/,stat.c sweep.c sample.c manifest.c spawn.c problem.c truth.c measure.c subject.c roofline.c case_text.c \
    run_engine.c run_fixed.c run_lines.c run_plugin.c run_reference.c run_task.c)
CPPFLAGS_bench += -DBENCH_FLAGS='"$(strip $(OPT)) -ffp-contract=off"'
LIB_BENCH := $(BUILD)/libeprop-bench.a
$(eval $(call static_lib,eprop-bench,$(BENCH_SRC)))
BENCH_LIBS := $(LIB_BENCH) $(BUILD)/libeprop-tasks.a $(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a
LDLIBS_BENCH := $(LDLIBS_MPI) -ljansson -ldl -lmpfi -lmpfr -lgmp -lm
$(eval $(call program,eprop-bench,$(wildcard bench/cli/*.c),$(BENCH_LIBS),$(LDLIBS_BENCH)))
$(call check_tests,$(wildcard bench/test/test_*.c),$(BENCH_LIBS),$(LDLIBS_BENCH) -lcheck -lm)
$(BUILD)/bench/test/test_sweep: $(BUILD)/eprop-bench
$(BUILD)/bench/test/test_sweep.o: CPPFLAGS += -DBENCH_PROGRAM='"$(abspath $(BUILD)/eprop-bench)"'
$(addprefix $(BUILD)/bench/test/test_,paired lines): $(call objs,bench/paired.c bench/lines.c)

# Whatever a run measured stands in the report: build/runs/NAME. A stopped run goes on.
BENCH = EPROP_COMMIT=$(COMMIT) $(BUILD)/eprop-bench
bench_speed = $(BENCH) run all $(1) --resume --out $(BUILD)/runs/speed || [ $$? -eq 3 ]
bench_scaling = rm -rf $(BUILD)/runs/scaling.tmp && $(BENCH) scale $(1) --out $(BUILD)/runs/scaling.tmp && mv $(BUILD)/runs/scaling.tmp $(BUILD)/runs/scaling
bench-quick: $(BUILD)/eprop-bench ## the suites that a report shows, anew (about 2 minutes): build/runs/speed, build/runs/scaling
	@mkdir -p $(BUILD)/runs; rm -rf $(BUILD)/runs/speed $(BUILD)/runs/scaling
	@$(call bench_speed,--rounds 4)
	@$(call bench_scaling)
targets: $(addprefix $(BUILD)/,eprop-bench eprop-verify bench-engines bench-lstm bench-windows bench-gemm bench-reference) ## what was aimed at, beside PyTorch and oneDNN (half an hour): build/runs/targets
	@EPROP_COMMIT=$(COMMIT) sh bench/targets.sh $(BUILD) $(BUILD)/runs/targets
gate: $(BUILD)/eprop-bench ## instruction counts of the engines against bench/instructions.txt; skipped without valgrind or counts for this compiler
	@$(BUILD)/eprop-bench gate --instructions bench/instructions.txt || [ $$? -eq 3 ]
.PHONY: bench-quick targets gate
$(BUILD)/bench/test/test_bench_cli: $(BUILD)/eprop-bench
$(BUILD)/bench/test/test_bench_cli.o: CPPFLAGS += -DBENCH_PROGRAM='"$(abspath $(BUILD)/eprop-bench)"'
