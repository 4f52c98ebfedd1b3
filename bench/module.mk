# bench/: the stopwatch.
$(eval $(call program,bench-arith,bench/arith_overhead.c,$(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a,-lmpfi -lmpfr -lgmp -lm))
CPPFLAGS_bench := -Ibench
$(eval $(call program,bench-reference,bench/reference.c bench/net.c bench/naive.c,$(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a,-lmpfr -lgmp -lm))
CPPFLAGS_bench += -Ioptimized
# The engines: sides of a comparison in one process, results as lines.
BENCH_PAIRED := $(addprefix bench/,paired.c stat.c lines.c roofline.c)
BENCH_ENGINE_LIBS := $(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-spec.a
$(eval $(call program,bench-gemm,bench/gemm.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))
$(eval $(call program,bench-lstm,bench/engines_lstm.c bench/lstm_subject.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))
$(eval $(call program,bench-engines,bench/engines.c bench/scaling.c bench/subject.c bench/online.c $(BENCH_PAIRED),$(BENCH_ENGINE_LIBS),-ldl -lm))

# How many bits does e-prop need? Some minutes on one core.
$(eval $(call program,bench-wordlength,bench/wordlength.c bench/word.c,$(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-spec.a,-lm))
wordlength: $(BUILD)/bench-wordlength ## sweep of word lengths in fixed point: build/runs/wordlength, for the report
	@mkdir -p $(BUILD)/runs && rm -rf $(BUILD)/runs/wordlength $(BUILD)/runs/wordlength.tmp
	@$(BUILD)/bench-wordlength --out $(BUILD)/runs/wordlength && echo $(BUILD)/runs/wordlength
.PHONY: wordlength
