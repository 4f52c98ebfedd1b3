# bench/: the stopwatch.
$(eval $(call program,bench-arith,bench/arith_overhead.c,$(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a,-lmpfi -lmpfr -lgmp -lm))
