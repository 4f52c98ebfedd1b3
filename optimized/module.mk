# optimized/: the kernels behind one API (opt.h). libeprop-optimized needs libeprop-spec and libm.
OPT_SRC := $(wildcard optimized/*.c optimized/scalar/*.c)
LIB_OPT := $(BUILD)/libeprop-optimized.a
CPPFLAGS_optimized := -Ioptimized
$(eval $(call static_lib,eprop-optimized,$(OPT_SRC)))
$(call check_tests,$(wildcard optimized/test/test_*.c),$(LIB_OPT) $(BUILD)/libeprop-spec.a,-lm)
# The judge's test of the scalar engine: the engine's objects beside the reference.
$(BUILD)/verify/test/test_scalar_vs_reference: $(call objs,$(OPT_SRC))
