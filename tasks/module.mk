# tasks/: experiments and their training. libeprop-tasks and the program eprop-train (tasks/cli).
CPPFLAGS_tasks := -Itasks -Ioptimized
CPPFLAGS_verify += -Itasks
include tasks/speech/module.mk
TASK_SRC := $(wildcard tasks/*.c) $(SPEECH_SRC)
LIB_TASKS := $(BUILD)/libeprop-tasks.a
LIBS_OF_TASKS := $(LIB_TASKS) $(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a
LDLIBS_TASKS := -ljansson $(LDLIBS_SPEECH) $(LDLIBS_REF)
$(eval $(call static_lib,eprop-tasks,$(TASK_SRC)))
$(eval $(call program,eprop-train,$(wildcard tasks/cli/*.c),$(LIBS_OF_TASKS),$(LDLIBS_TASKS)))
$(call check_tests,$(filter-out $(SPEECH_NOT_BUILT),$(wildcard tasks/test/test_*.c)),$(LIBS_OF_TASKS),$(LDLIBS_TASKS) -lcheck -lm)
