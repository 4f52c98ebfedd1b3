# bench/: the stopwatch.
$(eval $(call program,bench-arith,bench/arith_overhead.c,$(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a,-lmpfi -lmpfr -lgmp -lm))
CPPFLAGS_bench := -Ibench
$(eval $(call program,bench-reference,bench/reference.c bench/net.c bench/naive.c,$(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a,-lmpfr -lgmp -lm))
$(eval $(call program,bench-lstm,bench/engines_lstm.c,$(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-spec.a,-ldl -lm))
CPPFLAGS_bench += -Ioptimized
$(eval $(call program,bench-engines,bench/engines.c bench/subject.c bench/online.c bench/roofline.c,$(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-spec.a,-ldl -lm))
