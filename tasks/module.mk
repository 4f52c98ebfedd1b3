# tasks/: experiments and their training. libeprop-tasks and the program eprop-train (tasks/cli).
CPPFLAGS_tasks := -Itasks -Itasks/oneshot -Itasks/arm -Itasks/omniglot -Ioptimized -I$(BUILD)/tasks
CPPFLAGS_verify += -Itasks
include tasks/speech/module.mk tasks/omniglot/module.mk
ifneq ($(MPI),)
$(BUILD)/tasks/team.o: ALL_CFLAGS += -DTASK_MPI $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(MPI)))
endif
# The published run alone, for the judge: two files with no library behind them.
TABLE_A_SRC := tasks/numpy_rng.c tasks/table_a.c
LIB_TABLE_A := $(BUILD)/libeprop-table-a.a
$(eval $(call static_lib,eprop-table-a,$(TABLE_A_SRC)))
TASK_SRC := $(filter-out $(TABLE_A_SRC),$(wildcard tasks/*.c)) $(wildcard tasks/oneshot/*.c tasks/arm/*.c) $(SPEECH_SRC) $(OMNIGLOT_SRC)
LIB_TASKS := $(BUILD)/libeprop-tasks.a
LIBS_OF_TASKS := $(LIB_TASKS) $(LIB_TABLE_A) $(BUILD)/libeprop-optimized.a $(BUILD)/libeprop-ref.a $(BUILD)/libeprop-spec.a
LDLIBS_CBLAS := $(shell pkg-config --libs openblas 2>/dev/null || echo -lcblas)
LDLIBS_TASKS := $(LDLIBS_CBLAS) -ljansson $(LDLIBS_MPI) $(LDLIBS_SPEECH) $(LDLIBS_PNG) $(LDLIBS_REF)
$(eval $(call static_lib,eprop-tasks,$(TASK_SRC)))
$(eval $(call program,eprop-train,$(wildcard tasks/cli/*.c),$(LIBS_OF_TASKS),$(LDLIBS_TASKS)))
$(call check_tests,$(filter-out $(SPEECH_NOT_BUILT) $(PNG_NOT_BUILT),$(wildcard tasks/test/test_*.c)),$(LIBS_OF_TASKS),$(LDLIBS_TASKS) -lcheck -lm)

# What the manifest says about the build; written anew only where it changed, aside under a name of its own: two makes may be here at once.
BUILD_INFO := $(BUILD)/tasks/build_info.h
$(BUILD_INFO): task-build-info
	@mkdir -p $(@D)
	@tmp=$@.$$$$; { printf '#define TASK_COMMIT "%s"\n' "$$(git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || echo unknown)"; \
	   printf '#define TASK_COMPILER "%s"\n' "$$($(CC) --version | head -n 1 | tr -d '\\"')"; \
	   printf '#define TASK_FLAGS "%s"\n' '$(subst ",,$(strip $(ALL_CFLAGS)))'; } > $$tmp; \
	if cmp -s $$tmp $@; then rm -f $$tmp; else mv $$tmp $@; fi
$(BUILD)/tasks/origin.o: $(BUILD_INFO)
.PHONY: task-build-info

COPY_TABLES := runs short solved course distance trial
# Small versions of all tasks by every rule; tables into build/runs/tasks, figures into build/tasks-report.
tasks: $(BUILD)/eprop-train $(BUILD)/eprop-bench $(BUILD)/eprop-report $(SPEECH_CORPUS) ## train small versions of the tasks by every rule, draw the figures (under 5 minutes)
	@sh tasks/suite.sh $(BUILD) $(BUILD)/runs/tasks small
	@rm -rf $(BUILD)/runs/tasks-short # the same tables
	@sh tasks/copy.sh $(BUILD) tasks/sweeps/copy-small.sweep $(BUILD)/copy-small copy '$(COPY_TABLES)' # not in runs/: there lies what `make copy` trained
	@$(BUILD)/eprop-report build $(BUILD)/runs/tasks $(BUILD)/copy-small $(BUILD)/tasks-report
report-tasks: $(BUILD)/eprop-train $(SPEECH_CORPUS) ## what a report shows of the tasks where `make tasks` has not run: build/runs/tasks-short (half a minute)
	@if [ -f $(BUILD)/runs/tasks/data/training.tsv ]; then rm -rf $(BUILD)/runs/tasks-short; else sh tasks/suite.sh $(BUILD) $(BUILD)/runs/tasks-short report; fi
tasks-full: $(BUILD)/eprop-train $(BUILD)/eprop-bench $(BUILD)/eprop-report ## the same as the tasks are described (hours)
	@sh tasks/suite.sh $(BUILD) $(BUILD)/runs/tasks full
	@rm -rf $(BUILD)/runs/tasks-short
	@$(MAKE) --no-print-directory copy
	@$(BUILD)/eprop-report build $(BUILD)/runs/tasks $(BUILD)/runs/copy $(BUILD)/tasks-report
copy: $(BUILD)/eprop-train $(BUILD)/eprop-bench ## copy-repeat as the report shows it, into build/runs/copy (three minutes on two cores; goes on where it was stopped)
	@sh tasks/copy.sh $(BUILD) tasks/sweeps/copy-report.sweep $(BUILD)/runs/copy copy '$(COPY_TABLES)'
word: $(BUILD)/eprop-train $(BUILD)/eprop-bench ## perplexity of each rule with windows, as the report shows it, into build/runs/word (minutes; goes on where it was stopped)
	@sh tasks/word.sh $(BUILD) tasks/sweeps/word-report.sweep $(BUILD)/runs/word
copy-budget: $(BUILD)/eprop-train $(BUILD)/eprop-bench ## copy-repeat with 15,000 batches of 100 trials, one seed: build/runs/copy-budget, a part of the report (an hour)
	@sh tasks/copy.sh $(BUILD) tasks/sweeps/copy-budget.sweep $(BUILD)/runs/copy-budget copy_budget 'runs short solved' $(COPY_RUNS)
copy-tried: $(BUILD)/eprop-train $(BUILD)/eprop-bench ## copy-repeat with one setting of e-prop 3 changed at a time: build/runs/copy-tried, a part of the report (minutes)
	@sh tasks/copy.sh $(BUILD) tasks/sweeps/copy-tried.sweep $(BUILD)/runs/copy-tried copy_tried settings
arm: $(BUILD)/eprop-train ## train the small arm task by e-prop 2: build/runs/arm, a part of the report (minutes)
	@$(BUILD)/eprop-train arm --variant small --set eta=5e-4 --iterations 300 --out $(BUILD)/runs/arm
omniglot: $(BUILD)/eprop-train ## train the small omniglot task by e-prop 2: build/runs/omniglot, a part of the report (minutes)
	@$(BUILD)/eprop-train omniglot --variant small --out $(BUILD)/runs/omniglot
.PHONY: arm omniglot copy-budget copy-tried report-tasks tasks tasks-full copy word
$(BUILD)/tasks/test/test_cli $(BUILD)/tasks/test/test_mpi: $(BUILD)/eprop-train
$(BUILD)/tasks/test/test_cli.o $(BUILD)/tasks/test/test_mpi.o: CPPFLAGS += -DTRAIN_PROGRAM='"$(abspath $(BUILD)/eprop-train)"'
