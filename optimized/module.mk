# optimized/: the kernels behind one API (opt.h). libeprop-optimized needs libeprop-spec and libm.
OPT_SRC := $(wildcard optimized/*.c optimized/scalar/*.c optimized/fast/*.c optimized/eprop2/*.c optimized/fixed/*.c optimized/fixed_host/*.c)
LIB_OPT := $(BUILD)/libeprop-optimized.a
CPPFLAGS_optimized := -Ioptimized
# Kernels for instruction sets beyond the compiler's default; the library asks the processor before it calls one.
ifneq ($(filter x86_64-%,$(shell $(CC) -dumpmachine)),)
$(foreach d,$(BUILD) $(BUILD)/pic,$(d)/optimized/fast/%_avx2_f32.o $(d)/optimized/fast/%_avx2_f64.o $(d)/optimized/eprop2/%_avx2_f32.o): ALL_CFLAGS += -mavx2 -mfma -mbmi
$(foreach d,$(BUILD) $(BUILD)/pic,$(d)/optimized/fast/%_avx512_f32.o $(d)/optimized/fast/%_avx512_f64.o $(d)/optimized/eprop2/%_avx512_f32.o): ALL_CFLAGS += -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mbmi -mprefer-vector-width=512
endif
# Loops without branches: SIMD pays.
$(BUILD)/optimized/fixed/row.o: ALL_CFLAGS += -O3
$(eval $(call static_lib,eprop-optimized,$(OPT_SRC)))
$(call check_tests,$(wildcard optimized/test/test_*.c),$(LIB_OPT) $(BUILD)/libeprop-spec.a,-lm)
# The judge's tests of the engines: the engines' objects beside the reference.
$(patsubst %.c,$(BUILD)/%,$(wildcard verify/test/test_scalar_*.c verify/test/test_fast_*.c verify/test/test_fixed_*.c)): $(call objs,$(OPT_SRC))
