# verify/: the judge. libeprop-verify and the program eprop-verify (verify/cli).
CPPFLAGS_verify := -Iverify
VFY_SRC := $(wildcard verify/*.c)
LIB_VFY := $(BUILD)/libeprop-verify.a
LDLIBS_VFY := -ljansson -ldl $(LDLIBS_REF)
$(eval $(call static_lib,eprop-verify,$(VFY_SRC)))
$(eval $(call program,eprop-verify,$(wildcard verify/cli/*.c),$(LIB_VFY) $(LIB_REF) $(LIB_SPEC),$(LDLIBS_VFY)))
$(call check_tests,$(wildcard verify/test/test_*.c),$(LIB_VFY) $(LIB_REF) $(LIB_SPEC),$(LDLIBS_VFY))

# Criterion, black-box: one program from verify/conform/*.c; it links nothing of ours and runs command lines.
CONFORM_SRC := $(wildcard verify/conform/*.c)
ifneq ($(CONFORM_SRC),)
CONFORM_TESTS += $(BUILD)/verify/conform/conform
ALL_SRC += $(CONFORM_SRC)
$(BUILD)/verify/conform/conform: $(call objs,$(CONFORM_SRC))
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) -lcriterion $(LDFLAGS)
endif
