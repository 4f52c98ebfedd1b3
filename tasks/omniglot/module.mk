# tasks/omniglot/: characters from one example. Pictures are read by libpng; where it is missing only generated ones are there.
OMNIGLOT_SRC := $(wildcard tasks/omniglot/*.c)
ifeq ($(PNG)$(call have,libpng),yes) # PNG=no: as if it were missing
LDLIBS_PNG := $(shell pkg-config --libs libpng)
CPPFLAGS_tasks += -DTASK_PNG
$(BUILD)/tasks/omniglot/png.o: ALL_CFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags libpng))
else
PNG_NOT_BUILT := tasks/test/test_omniglot_png.c
$(info tasks: built without pictures from files, for want of libpng; make deps installs it)
endif
