# eprop-verify: one non-recursive Makefile; every folder adds its part in module.mk.
# `make help` lists the targets.

CC      ?= gcc
AR      ?= ar
BUILD   ?= build
OPT     ?= -O2
WARN    := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
WERROR  ?= -Werror
SAN     ?=
CFLAGS  ?= $(OPT) -g
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -Ireference
# gcc alone has this flag; clang evaluates in the type's own precision anyway.
EXCESS  := $(shell $(CC) -fexcess-precision=standard -Werror -x c -fsyntax-only /dev/null 2>/dev/null && echo -fexcess-precision=standard)
ALL_CFLAGS := -std=c11 $(WARN) $(WERROR) -ffp-contract=off $(EXCESS) -pthread $(CFLAGS) $(SAN)
LDLIBS_REF := -lmpfi -lmpfr -lgmp -lm
# Several processes (tasks/team.h): only where there is an MPI; `make MPI=` builds without.
MPI ?= $(firstword $(foreach p,ompi-c mpich,$(shell pkg-config --exists $(p) 2>/dev/null && echo $(p))))
MPI := $(MPI)
LDLIBS_MPI := $(if $(MPI),$(shell pkg-config --libs $(MPI) 2>/dev/null))
Q := $(if $(V),,@)

.DEFAULT_GOAL := all
.SUFFIXES:
.SECONDARY:

LIBS :=
PROGRAMS :=
CHECK_TESTS :=
CONFORM_TESTS :=

# $(call objs,sources) -> objects under $(BUILD)
objs = $(patsubst %.c,$(BUILD)/%.o,$(1))
# $(call static_lib,name,sources)
define static_lib
LIBS += $(BUILD)/lib$(1).a
ALL_SRC += $(2)
$(BUILD)/lib$(1).a: $(call objs,$(2))
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
# $(call program,name,sources,libraries,linker flags)
define program
$(if $(strip $(2)),PROGRAMS += $(BUILD)/$(1))
ALL_SRC += $(2)
$(BUILD)/$(1): $(call objs,$(2)) $(3)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $$@ $$(filter %.o,$$^) $(3) $(4) $(LDFLAGS)
endef
# $(call check_tests,sources,libraries,linker flags): one Check program per file
define check_test
CHECK_TESTS += $(BUILD)/$(basename $(1))
ALL_SRC += $(1)
$(BUILD)/$(basename $(1)): $(call objs,$(1)) $(2)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $$@ $$(filter %.o,$$^) $(2) $(3) -lcheck -lsubunit -lrt $$(LDFLAGS)
endef
check_tests = $(foreach f,$(1),$(eval $(call check_test,$(f),$(2),$(3))))

# ci/ comes last: its targets take the lists that the others make.
include $(filter-out ci/%,$(sort $(wildcard */module.mk))) ci/module.mk

# The longest begin first, so that none of them runs alone at the end.
LONGEST := $(addprefix $(BUILD)/,verify/test/test_vectors verify/test/test_port_template optimized/test/test_fast_lstm)
CHECK_TESTS := $(filter $(LONGEST),$(CHECK_TESTS)) $(filter-out $(LONGEST),$(CHECK_TESTS))

# `make -j2 deps check`: nothing is compiled before deps is done.
$(BUILD)/%.o: %.c | $(filter deps,$(MAKECMDGOALS))
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS) $(CPPFLAGS_$(firstword $(subst /, ,$<))) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.c,$(BUILD)/%.d,$(sort $(ALL_SRC)))

all: $(LIBS) $(PROGRAMS) ## build libraries and programs

check: $(CHECK_TESTS) $(CONFORM_TESTS) $(PROGRAMS) ## run all tests (six minutes on two cores)
	@sh ci/run-tests.sh $(BUILD) "$(CHECK_TESTS)" "$(CONFORM_TESTS)"

deps: ## install what is needed (Debian, Ubuntu)
	@sh ci/install-deps.sh

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  %-16s %s\n", $$1, $$2}'

.PHONY: all check deps clean help
