# reports/: reads the files of a run, writes the report. It links nothing of the other folders.
REP_SRC := $(wildcard reports/*.c)
REP_GP  := $(sort $(wildcard reports/figures/*.gp))
LIB_REP := $(BUILD)/libeprop-report.a
LDLIBS_REP := -ljansson -lm
CPPFLAGS_reports := -Ireports
$(eval $(call static_lib,eprop-report,$(REP_SRC)))
$(eval $(call program,eprop-report,$(wildcard reports/cli/*.c),$(LIB_REP),$(LDLIBS_REP)))
$(call check_tests,$(wildcard reports/test/test_*.c),$(LIB_REP),$(LDLIBS_REP))

# The gnuplot scripts become part of the program, so that it needs no files beside it.
$(LIB_REP): $(BUILD)/reports/scripts.o
$(BUILD)/reports/scripts.c: $(REP_GP) reports/embed.awk
	@mkdir -p $(@D)
	$(Q)awk -f reports/embed.awk $(REP_GP) > $@.tmp && mv $@.tmp $@
$(BUILD)/reports/scripts.o: $(BUILD)/reports/scripts.c reports/rep.h
	$(Q)$(CC) $(CPPFLAGS) $(CPPFLAGS_reports) $(ALL_CFLAGS) -c -o $@ $<

# What a run that was stopped left behind ends in .tmp or .work.
RUN_DIRS = $$(ls -d $(BUILD)/runs/*/ | grep -vE '\.(tmp|work)/$$')
# Run directories: build/runs/NAME, each with manifest.json and data/*.tsv; whatever is there stands in the report.
REPORT := $(BUILD)/report
report-proof: $(BUILD)/eprop-verify $(BUILD)/eprop-report ## the proof alone, as a report (half a minute)
	@set -u; rc=0; mkdir -p $(BUILD)/runs; \
	$(BUILD)/eprop-verify prove --model all --evidence ABCDE --level quick --out $(BUILD)/runs/prove || rc=$$?; \
	if [ $$rc -eq 2 ] || [ $$rc -eq 3 ]; then exit $$rc; fi; \
	$(BUILD)/eprop-report build $(RUN_DIRS) $(REPORT) $(if $(COMMIT),--commit $(COMMIT)) || exit $$?; \
	if [ $$rc -ne 0 ]; then echo "report: the report is written, but the proof did not hold everywhere (exit $$rc)" >&2; fi; exit $$rc
eprop2: $(BUILD)/eprop-verify ## prove the outer gradient of e-prop 2, with tables for the report: build/runs/eprop2
	@$(BUILD)/eprop-verify eprop2 --out $(BUILD)/runs/eprop2
report: ## prove everything, judge ports and mutants, train, measure, draw the figures: build/report/report.html (5 minutes)
	@$(MAKE) --no-print-directory -j2 --output-sync=target mutants ports-check fixed-bounds eprop2 windows report-tasks # most have one thread
	@$(MAKE) --no-print-directory bench-quick
	@$(MAKE) --no-print-directory report-proof
# What was published: everything that a report can show, with its data; kept in the repository. It is assembled from the runs that are in
# build/runs; what is missing there is made, and may be stopped and started again. To make a run anew, take its folder away.
stored = $(BUILD)/runs/$(1)
is_stored = [ -f $(call stored,$(1)) ]
published: all engines ports ## the report with trained tasks, learning times, word lengths, targets and the gate's own test: reports/published (1.5 hours, 1 minute from stored runs)
	@mkdir -p $(BUILD)/runs
	@$(call is_stored,tasks/data/training.tsv) || $(MAKE) --no-print-directory tasks
	@$(call is_stored,copy/data/copy_solved.tsv) || $(MAKE) --no-print-directory copy
	@$(call is_stored,copy-tried/data/copy_tried_settings.tsv) || $(MAKE) --no-print-directory copy-tried
	@$(call is_stored,word/data/word_runs.tsv) || $(MAKE) --no-print-directory word
	@$(call is_stored,arm/data/arm_unseen.tsv) || $(MAKE) --no-print-directory arm
	@$(call is_stored,omniglot/data/omniglot_unseen.tsv) || $(MAKE) --no-print-directory omniglot
	@$(call is_stored,windows/manifest.json) || $(MAKE) --no-print-directory windows
	@$(call is_stored,eprop2/manifest.json) || $(MAKE) --no-print-directory eprop2
	@$(call is_stored,canaries/data/canaries.tsv) || $(MAKE) --no-print-directory canary
	@$(call is_stored,faults/data/faults.tsv) || $(MAKE) --no-print-directory faults
	@$(call is_stored,differ/data/differ.tsv) || $(MAKE) --no-print-directory differ
	@$(call is_stored,wordlength/manifest.json) || $(MAKE) --no-print-directory wordlength
	@$(call is_stored,targets/data/targets.tsv) || $(MAKE) --no-print-directory targets
	@$(call is_stored,scaling/data/exponents.tsv) || cp -r $(call stored,targets/runs/scale) $(call stored,scaling) 2>/dev/null || { $(call bench_scaling,--level full); }
	@$(call is_stored,speed/data/speed.tsv) || { $(call bench_speed,); }
	@$(call is_stored,learning/data/task_time.tsv) || $(BENCH) run task --only store-recall --resume --rounds 5 --out $(call stored,learning) || [ $$? -eq 3 ]
	@$(call is_stored,gate/data/gate.tsv) || $(BENCH) gate --table 20 --out $(call stored,gate) || [ $$? -eq 3 ]
	@$(call is_stored,mutants/data/mutants.tsv) || $(MAKE) --no-print-directory mutants
	@$(call is_stored,ports/data/ports.tsv) || $(MAKE) --no-print-directory ports-check
	@$(call is_stored,fixed-bounds/data/fixed_bounds.tsv) || $(MAKE) --no-print-directory fixed-bounds
	@$(call is_stored,prove/prove.json) || $(BUILD)/eprop-verify prove --model all --evidence ABCDE --level quick --out $(call stored,prove)
	@$(MAKE) --no-print-directory publish
# Tables whose figures are large and are drawn anew by `make tasks arm omniglot windows`: without them the published report stays below 5 MB.
UNPUBLISHED := curve_pattern_paper output_store_recall output_evidence trained_store_recall trained_pattern trained_evidence trained_speech speech_spectrogram speech_confusion arm_raster arm_signal omniglot_raster omniglot_signal windows_lsnn
publish: $(BUILD)/eprop-report ## the same from the runs that are there, without making any (seconds)
	@rm -rf $(BUILD)/published-runs && mkdir -p $(BUILD)/published-runs && cp -r $(RUN_DIRS) $(BUILD)/published-runs
	@rm -f $(patsubst %,$(BUILD)/published-runs/*/data/%.tsv,$(UNPUBLISHED))
	@$(BUILD)/eprop-report build $(BUILD)/published-runs/*/ reports/published $(if $(COMMIT),--commit $(COMMIT))
	@du -sb reports/published
report-check: $(BUILD)/eprop-report ## rebuild build/report from its own data and compare
	@$(BUILD)/eprop-report check $(REPORT)
verify: $(BUILD)/eprop-verify ## prove everything, table on the terminal
	@$(BUILD)/eprop-verify prove --model all --evidence ABCDE --level quick
	@$(BUILD)/eprop-verify eprop2
slips: $(BUILD)/eprop-verify ## the table slip x place x evidence
	@$(BUILD)/eprop-verify slips
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

.PHONY: eprop2 report report-proof published publish report-check verify slips
