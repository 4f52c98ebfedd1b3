# tasks/speech/: TIMIT's format, features, the task, the stand-in corpus. Needs libsndfile and FFTW; to make the corpus also
# libespeak-ng and libsamplerate. Where they are missing, tasks/ is built without.
have = $(shell pkg-config --exists $(1) 2>/dev/null && echo yes)
ifeq ($(SPEECH)$(call have,sndfile fftw3),yes) # SPEECH=no: as if they were missing
SPEECH_SRC := $(wildcard tasks/speech/*.c) $(addprefix tasks/speech/corpus/,grammar.c label.c map.c write.c)
LDLIBS_SPEECH := $(shell pkg-config --libs sndfile fftw3)
CPPFLAGS_tasks += -Itasks/speech -Itasks/speech/corpus -DTASK_SPEECH
else
SPEECH_NOT_BUILT := $(wildcard tasks/test/test_speech_*.c)
$(info tasks: built without speech, for want of libsndfile or FFTW; make deps installs them)
endif

ifeq ($(SPEECH)$(call have,sndfile fftw3 espeak-ng samplerate),yes)
SPEECH_CORPUS := $(BUILD)/speech-corpus
$(eval $(call program,speech-corpus,tasks/speech/corpus/main.c tasks/speech/corpus/synth.c,$(BUILD)/libeprop-tasks.a $(BUILD)/libeprop-spec.a,$(shell pkg-config --libs espeak-ng samplerate) $(LDLIBS_SPEECH) -lm))
corpus: $(SPEECH_CORPUS) ## a free stand-in for TIMIT, spoken by espeak-ng, into build/corpus
	@$(SPEECH_CORPUS) --out $(BUILD)/corpus
else
corpus:
	@echo "corpus: needs libsndfile, FFTW, libespeak-ng and libsamplerate; make deps installs them" >&2; exit 2
endif
.PHONY: corpus
