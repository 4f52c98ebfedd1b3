# tasks/speech/: TIMIT's format, features, the stand-in corpus. Needs libsndfile and FFTW; the corpus also libespeak-ng and
# libsamplerate. Where they are missing, tasks/ is built without.
ifeq ($(shell pkg-config --exists sndfile fftw3 2>/dev/null && echo yes),yes)
SPEECH_SRC := $(wildcard tasks/speech/*.c)
LDLIBS_SPEECH := $(shell pkg-config --libs sndfile fftw3)
CPPFLAGS_tasks += -Itasks/speech -DTASK_SPEECH
else
SPEECH_NOT_BUILT := $(wildcard tasks/test/test_speech_*.c)
$(info tasks: built without speech, for want of libsndfile or FFTW; make deps installs them)
endif
