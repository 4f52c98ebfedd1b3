# reference/: the truth. libeprop-spec (C11 alone) and libeprop-ref (MPFR, MPFI, GMP).
SPEC_SRC := $(wildcard reference/spec/*.c)
REF_SRC  := $(wildcard reference/arith/*.c reference/cell/*.c reference/algo/*.c reference/tape/*.c reference/eprop2/*.c reference/fixed/*.c)
LIB_SPEC := $(BUILD)/libeprop-spec.a
LIB_REF  := $(BUILD)/libeprop-ref.a
$(eval $(call static_lib,eprop-spec,$(SPEC_SRC)))
$(eval $(call static_lib,eprop-ref,$(REF_SRC)))
$(call check_tests,$(wildcard reference/test/test_*.c),$(LIB_REF) $(LIB_SPEC),$(LDLIBS_REF) -lcheck -lm)
