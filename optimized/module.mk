# optimized/: the kernels behind one API (opt.h). libeprop-optimized needs libeprop-spec and libm.
OPT_SRC := $(wildcard optimized/*.c optimized/scalar/*.c)
LIB_OPT := $(BUILD)/libeprop-optimized.a
CPPFLAGS_optimized := -Ioptimized
$(eval $(call static_lib,eprop-optimized,$(OPT_SRC)))
$(call check_tests,$(wildcard optimized/test/test_*.c),$(LIB_OPT) $(BUILD)/libeprop-spec.a,-lm)
# The judge's tests of the engines: the engines' objects beside the reference.
$(patsubst %.c,$(BUILD)/%,$(wildcard verify/test/test_scalar_*.c)): $(call objs,$(OPT_SRC))
