# verify/: the judge. libeprop-verify and the program eprop-verify (verify/cli).
CPPFLAGS_verify := -Iverify
VFY_SRC := $(wildcard verify/*.c)
LIB_VFY := $(BUILD)/libeprop-verify.a
LDLIBS_VFY := -ljansson -ldl $(LDLIBS_REF)
$(eval $(call static_lib,eprop-verify,$(VFY_SRC)))
$(eval $(call program,eprop-verify,$(wildcard verify/cli/*.c),$(LIB_VFY) $(LIB_REF) $(LIB_SPEC),$(LDLIBS_VFY)))
$(call check_tests,$(wildcard verify/test/test_*.c),$(LIB_VFY) $(LIB_REF) $(LIB_SPEC),$(LDLIBS_VFY))
