# SPDX-License-Identifier: Apache-2.0
# nsx-quarantine. `make help` lists the targets.

BUILD   ?= build
VARIANT ?= release
VERSION := 0.1.0
# The one build-time setting of the object tree; see README, "The OID root".
OID_ROOT ?= 1.3.6.1.4.1.8072.9999.9999.2611

# READ_ONLY=1 builds an agent that takes no SET, whatever its configuration says.
READ_ONLY ?= 0

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BINDIR     ?= $(PREFIX)/bin
DLMODDIR   ?= $(PREFIX)/lib/snmp/dlmod
MIBDIR     ?= $(PREFIX)/share/snmp/mibs
UNITDIR    ?= $(PREFIX)/lib/systemd/system
DOCDIR     ?= $(PREFIX)/share/doc/nsx-quarantine
CONFDIR    ?= $(SYSCONFDIR)/nsx-quarantine

# ---- compiler ---------------------------------------------------------------------------

comma := ,
PKGS := libcurl libcjson libconfig libcrypto libxml-2.0 sqlite3
WARN := -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wundef -Werror
OPT_release := -O2 -D_FORTIFY_SOURCE=2
OPT_asan    := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
               -fno-sanitize-recover=undefined
LINK_asan   := -fsanitize=address,undefined
# nodelete: libraries may leave helper threads behind. The sanitizers' own symbols come
# from the process that loads the module, so only the release is linked with defs.
LINK_MODULE := -shared -Wl,-z,nodelete -Wl$(comma)--version-script=plugin/entry/dlmod.map \
               $(if $(LINK_$(VARIANT)),,-Wl$(comma)-z$(comma)defs)
OPT_fuzz    := $(OPT_asan) -fsanitize=fuzzer-no-link
LINK_fuzz   := $(LINK_asan)

OUT   := $(BUILD)/$(VARIANT)
DEFINES  := -D_GNU_SOURCE -DNQ_VERSION='"$(VERSION)"' \
            -DNQ_OID_ROOT='$(subst .,$(comma),$(OID_ROOT))' -DNQ_BUILT_READ_ONLY=$(READ_ONLY)
CFLAGS   := -std=c11 -g -fPIC -fvisibility=hidden -fstack-protector-strong $(WARN) \
            $(OPT_$(VARIANT))
# Empty while pkg-config is not installed yet: targets that install call make once more.
CPPFLAGS := -Iplugin -I$(BUILD)/gen $(DEFINES) $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDFLAGS  := -Wl,--as-needed -Wl,-z,relro -Wl,-z,now $(LINK_$(VARIANT))
LIBS     := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lnetsnmpagent -lnetsnmp
SIM_LIBS := -lmicrohttpd -lgnutls -lcjson -lxml2

# ---- what is built ----------------------------------------------------------------------

PROGRAM  := $(OUT)/nsx-quarantine
HANDLER  := $(OUT)/nsx-quarantine-trap
MODULE   := $(OUT)/nsx-quarantine.so
SIM      := $(OUT)/nsx-sim
CORE     := $(OUT)/libnq.a
ENTRY    := $(OUT)/libentry.a
KILLSYNC := $(OUT)/killsync.so
BADDISK  := $(OUT)/baddisk.so
MIB_ROWS := $(OUT)/mibrows
EARLYHUP := $(OUT)/earlyhup.so
NONETLINK := $(OUT)/nonetlink.so
PRELOADS := $(KILLSYNC) $(BADDISK) $(EARLYHUP) $(NONETLINK)
BENCH    := $(addprefix $(OUT)/,bench-client bench-rows bench-floor bare.so bare-agent)
MIBS     := $(BUILD)/mibs
MIB      := mibs/NSX-QUARANTINE-MIB.txt
MIB_DOC  := $(BUILD)/doc/NSX-QUARANTINE-MIB.md

CORE_SRC    := $(filter-out plugin/entry/%,$(wildcard plugin/*/*.c plugin/*/*/*.c))
# The linker takes what a host needs out of these: main.o pulls the commands, dlmod.o the
# engine's service.
ENTRY_SRC   := $(filter-out $(addprefix plugin/entry/,main.c dlmod.c trap.c),\
               $(wildcard plugin/entry/*.c))
SIM_SRC     := $(wildcard tests/sim/*.c tests/sim/*/*.c)
UNIT_SRC    := $(wildcard tests/unit/test_*.c) $(wildcard tests/component/test_*.c)
TEST_SUPPORT_SRC := $(wildcard tests/component/world*.c)
FUZZ_SRC    := $(wildcard tests/fuzz/*.c)

obj = $(patsubst %.c,$(OUT)/%.o,$(1))
UNIT_BIN := $(patsubst tests/%.c,$(OUT)/tests/%,$(UNIT_SRC))
FUZZ_BIN := $(patsubst tests/%.c,$(OUT)/tests/%,$(FUZZ_SRC))

JOBS   := $(shell nproc 2>/dev/null || echo 2)
# Most of a test with daemons is waiting for them.
PYTEST_JOBS := $(shell expr 2 \* $(JOBS))
PYTHON := /usr/bin/python3
SUB    := $(MAKE) --no-print-directory
export BUILD VARIANT OID_ROOT READ_ONLY

# V=1 shows the whole commands.
ifeq ($(V),1)
run = $(2)
else
run = @printf '  %-4s %s\n' $(1) $@; $(2)
endif

.PHONY: all
all: $(PROGRAM) $(HANDLER) $(MODULE) $(SIM) ## build programs, snmpd module and simulator

# Its content, and so its time, changes only when a compiler or a flag does.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
$(OUT)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','"'"',$(FLAGS))' | cmp -s - $@ || echo '$(subst ','"'"',$(FLAGS))' >$@

.PHONY: FORCE
FORCE:

# The database schema as a C string.
SCHEMA := $(BUILD)/gen/schema_sql.h
$(SCHEMA): plugin/store/schema.sql
	@mkdir -p $(@D)
	@{ echo '/* Made from $<. */'; echo 'static const char schema_sql[] ='; \
	   sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/    "&\\n"/' $<; echo '    ;'; } >$@

$(OUT)/%.o: %.c $(OUT)/.flags | $(SCHEMA)
	@mkdir -p $(@D)
	$(call run,CC,$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<)

$(CORE): $(call obj,$(CORE_SRC))
$(ENTRY): $(call obj,$(ENTRY_SRC))
$(CORE) $(ENTRY):
	@rm -f $@
	$(call run,AR,$(AR) rcs $@ $^)

$(PROGRAM): $(call obj,plugin/entry/main.c) $(ENTRY) $(CORE)
	$(call run,LD,$(CC) $(LDFLAGS) -pie -o $@ $^ $(LIBS))

# It starts for each trap, so it gets no more libraries than it needs.
$(HANDLER): $(call obj,plugin/entry/trap.c) $(ENTRY) $(CORE)
	$(call run,LD,$(CC) $(LDFLAGS) -pie -o $@ $^ $(shell pkg-config --libs libconfig 2>/dev/null))

$(MODULE): $(call obj,plugin/entry/dlmod.c) $(ENTRY) $(CORE)
	$(call run,LD,$(CC) $(LDFLAGS) $(LINK_MODULE) -o $@ $^ $(LIBS))

# A folder for each generation of NSX; they include what they share by its name alone.
$(call obj,$(SIM_SRC)): CPPFLAGS += -Itests/sim

$(SIM): $(call obj,$(SIM_SRC))
	$(call run,LD,$(CC) $(LDFLAGS) -o $@ $^ $(SIM_LIBS))

$(KILLSYNC): $(call obj,tests/support/killsync.c)
	$(call run,LD,$(CC) -shared -o $@ $^)

# baddisk goes into daemons that are not ours, too, and earlyhup and nonetlink run before a
# sanitizer does, so they have none in them; and glibc's macros must not take the names that
# baddisk defines.
$(call obj,$(addprefix tests/support/,baddisk.c earlyhup.c nonetlink.c)): CFLAGS := $(filter-out -fsanitize% -fno-sanitize% \
    -D_FORTIFY_SOURCE%,$(CFLAGS))
$(BADDISK): $(call obj,tests/support/baddisk.c)
$(EARLYHUP): $(call obj,tests/support/earlyhup.c)
$(NONETLINK): $(call obj,tests/support/nonetlink.c)
$(BADDISK) $(EARLYHUP) $(NONETLINK):
	$(call run,LD,$(CC) -shared -o $@ $^)

# What `make bench` measures with and against; tests/README.md names them.
$(OUT)/bench-client: $(call obj,tests/bench/client.c)
$(OUT)/bare-agent: $(call obj,tests/bench/bare/bare_agent.c tests/bench/bare/bare.c)
$(OUT)/bench-client $(OUT)/bare-agent:
	$(call run,LD,$(CC) $(LDFLAGS) -o $@ $^ -lnetsnmpagent -lnetsnmp)

$(OUT)/bench-floor: $(call obj,tests/bench/peers/floor.c)
	$(call run,LD,$(CC) $(LDFLAGS) -o $@ $^ -lcurl -lcjson)

$(OUT)/bench-rows: $(call obj,tests/bench/rows.c) $(CORE)
	$(call run,LD,$(CC) $(LDFLAGS) -o $@ $^ $(LIBS))

$(OUT)/bare.so: $(call obj,tests/bench/bare/bare_dlmod.c tests/bench/bare/bare.c)
	$(call run,LD,$(CC) $(LDFLAGS) -shared -o $@ $^ -lnetsnmpagent -lnetsnmp)

$(MIB_ROWS): $(call obj,tests/support/mibrows.c) $(CORE)
	$(call run,LD,$(CC) $(LDFLAGS) -o $@ $^ $(LIBS))

$(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(CORE)
	$(call run,LD,$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS))

$(OUT)/tests/%: $(OUT)/tests/%.o $(call obj,$(TEST_SUPPORT_SRC)) $(ENTRY) $(CORE)
	$(call run,LD,$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka)

# The nemesis consists of several files.
$(addprefix $(OUT)/tests/component/,test_nemesis test_nemesis_broken): \
    $(call obj,$(wildcard tests/component/nemesis*.c))

# Headers that a file includes, as the compiler saw them.
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

BASE_MIBS := $(MIBS)/SNMPv2-SMI
OUR_MIB   := $(MIBS)/NSX-QUARANTINE-MIB
ROOT_ARCS := $(subst ., ,$(patsubst 1.3.6.1.4.1.%,%,$(OID_ROOT)))
.PHONY: mibs
mibs: $(BASE_MIBS) $(OUR_MIB) ## collect our MIB and the IETF base modules it needs

$(BASE_MIBS):
	@contrib/tools/fetch-mibs $(MIBS)

# The way to the default root stands in the module; any other takes its place.
DEFAULT_ROOT := 1.3.6.1.4.1.8072.9999.9999.2611
OTHER_ROOT   := -e '/^netSnmp.* OBJECT IDENTIFIER/d' \
                -e 's/{ netSnmpPlaypen 2611 }/{ enterprises $(ROOT_ARCS) }/'
$(OUR_MIB): $(MIB) $(OUT)/.flags
	@mkdir -p $(@D)
	@sed $(if $(filter $(DEFAULT_ROOT),$(OID_ROOT)),-n p,$(OTHER_ROOT)) $< >$@

.PHONY: mib-doc
mib-doc: $(MIB_DOC) ## write the page about the MIB, numeric OIDs beside names

$(MIB_DOC): $(OUR_MIB) contrib/tools/mib-doc | $(BASE_MIBS)
	@mkdir -p $(@D)
	@contrib/tools/mib-doc $(MIBS) >$@.new && mv $@.new $@

# ---- tests ------------------------------------------------------------------------------

# Every step adds a line "passed failed" to the tally; `make check` ends with their sum.
TALLY := $(abspath $(BUILD))/tally

.PHONY: check
check: ## install what is missing, then run every test; ends with "N passed, N failed"
	@contrib/tools/install-deps build run test lint
	@$(SUB) check-installed

.PHONY: check-installed
check-installed: mibs
	@rm -f $(TALLY)
	@bad=0; \
	run() { echo; echo "==> $$*"; $(SUB) "$$@" TALLY=$(TALLY) || bad=1; }; \
	run lint; \
	run unit VARIANT=release; \
	run unit VARIANT=asan; \
	run integration VARIANT=release; \
	run integration VARIANT=asan; \
	contrib/tools/tally $(TALLY) || bad=1; \
	exit $$bad

# Random histories that the engine lives through; half a minute in each variant.
NEMESIS_RUNS_release := 10000
NEMESIS_RUNS_asan    := 1500

.PHONY: unit
unit: mibs ## run the unit and component tests (VARIANT=release or asan)
	@$(SUB) -j$(JOBS) unit-programs || { echo "0 1" >>$(TALLY); exit 1; }
	@NEMESIS_RUNS=$(NEMESIS_RUNS_$(VARIANT)) contrib/tools/run-unit $(TALLY) $(UNIT_BIN)

.PHONY: unit-programs
unit-programs: $(UNIT_BIN) $(SIM)

# SEED is the number of the first history.
RUNS ?= 100000
.PHONY: nemesis
nemesis: ## RUNS random histories against the engine (RUNS=100000, SEED=1)
	@$(SUB) -j$(JOBS) $(OUT)/tests/component/test_nemesis
	@NEMESIS_RUNS=$(RUNS) NEMESIS_SEED=$(or $(SEED),1) $(OUT)/tests/component/test_nemesis

# ARGS goes to pytest, for example ARGS='-k release -x'.
.PHONY: integration
integration: mibs ## run the tests with the real SNMP daemons (ARGS= goes to pytest)
	@$(SUB) -j$(JOBS) all mib-doc $(PRELOADS) $(MIB_ROWS) $(BENCH) || { echo "0 1" >>$(TALLY); exit 1; }
	@$(PYTHON) -m pytest -n $(PYTEST_JOBS) tests/integration --tally=$(TALLY) $(ARGS)

# SECONDS says for how long, ARGS='-k listener' with which way of the traps. NEMESIS_SEED in the
# environment repeats what was chosen.
.PHONY: nemesis-daemons
nemesis-daemons: export NEMESIS_SECONDS := $(or $(SECONDS),3600)
nemesis-daemons: ## torment the real daemons at random for SECONDS (3600), then compare
	@$(SUB) integration ARGS='-k test_nemesis -n 2 -rP $(ARGS)'

# KILLS and RELOADS say how many. NEMESIS_SEED in the environment repeats what was chosen.
.PHONY: soak-hosts
soak-hosts: export NQ_KILLS := $(or $(KILLS),1000)
soak-hosts: export NQ_RELOADS := $(or $(RELOADS),100)
soak-hosts: ## kill the agent KILLS (1000) times, reload RELOADS (100) times, look for leaks
	@$(SUB) integration ARGS='-k test_soak -n 0 -rP $(ARGS)'

.PHONY: demo
demo: ## tell the story (HOST=agentx|dlmod, NSX=policy|vsphere, INTAKE=way, KEEP=1)
	@contrib/tools/install-deps build run
	@$(SUB) demo-installed

.PHONY: demo-installed
demo-installed: mibs
	@echo "==> building"
	@$(SUB) -s -j$(JOBS) all
	@$(PYTHON) tests/demo.py --host=$(or $(HOST),agentx) --nsx=$(or $(NSX),policy) \
	    $(INTAKE:%=--intake=%) $(if $(filter 1 yes,$(KEEP)),--keep)

# ARGS goes to the benchmark, for example ARGS='--only walk --rows 10000'.
.PHONY: bench
bench: mibs ## measure us beside what one would use instead; writes build/bench.json
	@contrib/tools/install-deps build run
	@$(SUB) -s -j$(JOBS) all $(BENCH)
	@$(PYTHON) tests/bench/bench.py $(ARGS)

# ARGS goes to the benchmark, for example ARGS='--way listener'.
.PHONY: bench-intake
bench-intake: mibs ## measure the ways of a trap in, in traps a second
	@contrib/tools/install-deps build run
	@$(SUB) -s -j$(JOBS) all
	@$(PYTHON) tests/bench/intake.py $(ARGS)

FUZZ_SECONDS ?= 30
.PHONY: fuzz
fuzz: ## fuzz each entry of tests/fuzz for FUZZ_SECONDS (30)
	@contrib/tools/install-deps build fuzz
	@$(SUB) -j$(JOBS) fuzz-programs CC=clang VARIANT=fuzz
	@$(SUB) fuzz-run CC=clang VARIANT=fuzz

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_BIN)

.PHONY: fuzz-run
fuzz-run:
	@contrib/tools/run-fuzz $(FUZZ_SECONDS) $(FUZZ_BIN)

# The vendor's API files are not ours to ship; SPECS says where yours are.
SPECS ?= ../shared/specs
.PHONY: conformance
conformance: ## judge all our talk with NSX by its published API files (SPECS=directory)
	@if [ ! -d "$(SPECS)" ]; then echo "conformance: skipped, no directory $(SPECS)"; \
	else contrib/tools/install-deps build run test && $(SUB) conformance-installed; fi

.PHONY: conformance-installed
conformance-installed: mibs
	@$(SUB) -j$(JOBS) all
	@PYTHONPATH=tests $(PYTHON) -m conformance "$(SPECS)" $(ARGS)

# ---- lint -------------------------------------------------------------------------------

# The build is one compiler's opinion; lint-compiler asks the other one.
OTHER_CC := $(if $(findstring clang,$(CC)),gcc,clang)
ALL_C    := $(wildcard plugin/*/*.c plugin/*/*/*.c tests/*/*.c tests/*/*/*.c)
ALL_H    := $(wildcard plugin/*/*.h plugin/*/*/*.h tests/*/*.h tests/*/*/*.h)
SCRIPTS  := $(shell grep -lE '^\#!.*(bash|/sh)' .ci/run contrib/tools/* tests/bench/peers/* 2>/dev/null)
LINTS    := build compiler format cppcheck layers exports banned text readme mib shell

.PHONY: lint $(LINTS:%=lint-%)
lint: mibs ## compilers, format, static analysis, house rules
	@bad=0; for l in $(LINTS); do \
	    if $(SUB) -s lint-$$l; then echo "ok    lint-$$l"; echo "1 0" >>$(TALLY); \
	    else echo "FAIL  lint-$$l"; echo "0 1" >>$(TALLY); bad=1; fi; \
	done; exit $$bad

lint-build:
	@$(SUB) -j$(JOBS) all unit-programs $(PRELOADS) $(MIB_ROWS) $(BENCH) >/dev/null

lint-compiler:
	@printf '%s\n' $(ALL_C) | xargs -P $(JOBS) -n 4 \
	    $(OTHER_CC) $(CPPFLAGS) -Itests/sim -std=c11 $(WARN) -fsyntax-only

lint-format:
	@clang-format --dry-run -Werror $(ALL_C) $(ALL_H) || \
	    { echo "what to do: clang-format -i FILE"; exit 1; }

# Without uthash's macros cppcheck takes loop variables for uninitialised. Tests may crash
# on NULL: that is a failure too.
lint-cppcheck:
	@mkdir -p $(BUILD)/gen/cppcheck && ln -sf /usr/include/uthash.h $(BUILD)/gen/cppcheck
	@cppcheck --enable=warning,performance,portability --std=c11 --quiet -j $(JOBS) \
	    --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
	    --suppress='nullPointer:tests/unit/*' -Iplugin -Itests/sim -I$(BUILD)/gen \
	    -I$(BUILD)/gen/cppcheck $(DEFINES) plugin tests

lint-layers:
	@contrib/tools/check-layers plugin

lint-exports: $(MODULE)
	@contrib/tools/check-exports $(MODULE)

lint-banned:
	@contrib/tools/check-banned $(ALL_C) $(ALL_H)

lint-text:
	@contrib/tools/check-text

lint-readme:
	@contrib/tools/check-readme

lint-mib: mibs
	@contrib/tools/check-mib-syntax $(MIBS)

lint-shell:
	@shellcheck $(SCRIPTS)

# ---- installation -----------------------------------------------------------------------

CONF_EXAMPLES := $(wildcard conf/*.conf)
UNITS         := $(wildcard conf/*.service conf/*.socket)

.PHONY: install
install: all $(OUR_MIB) ## install below DESTDIR, PREFIX, SYSCONFDIR
	install -D -m 0755 $(PROGRAM) $(DESTDIR)$(BINDIR)/nsx-quarantine
	install -D -m 0755 $(HANDLER) $(DESTDIR)$(BINDIR)/nsx-quarantine-trap
	install -D -m 0644 $(MODULE) $(DESTDIR)$(DLMODDIR)/nsx-quarantine.so
	install -D -m 0644 $(OUR_MIB) $(DESTDIR)$(MIBDIR)/NSX-QUARANTINE-MIB.txt
	@$(SUB) -s mib-doc || echo "The page about the MIB is left out; see above."
	! [ -f $(MIB_DOC) ] || install -D -m 0644 -t $(DESTDIR)$(DOCDIR) $(MIB_DOC)
	install -d $(DESTDIR)$(DOCDIR)/examples/triggers \
	    $(DESTDIR)$(DOCDIR)/examples/snmptrapd.service.d \
	    $(DESTDIR)$(UNITDIR) $(DESTDIR)$(CONFDIR)
	install -m 0644 $(CONF_EXAMPLES) $(DESTDIR)$(DOCDIR)/examples/
	for d in triggers snmptrapd.service.d; do \
	    install -m 0644 conf/$$d/*.conf $(DESTDIR)$(DOCDIR)/examples/$$d/ || exit 1; done
	install -m 0644 $(UNITS) $(DESTDIR)$(UNITDIR)/
	for d in sysusers tmpfiles; do install -D -m 0644 conf/nsx-quarantine.$$d \
	    $(DESTDIR)$(PREFIX)/lib/$$d.d/nsx-quarantine.conf || exit 1; done
	@echo "Installed. Next: copy $(DOCDIR)/examples/nsx-quarantine.conf to $(CONFDIR)/,"
	@echo "edit it, and run: nsx-quarantine check"

.PHONY: uninstall
uninstall: ## remove what install put there; configuration and state stay
	rm -f $(DESTDIR)$(BINDIR)/nsx-quarantine $(DESTDIR)$(BINDIR)/nsx-quarantine-trap \
	    $(DESTDIR)$(DLMODDIR)/nsx-quarantine.so \
	    $(DESTDIR)$(MIBDIR)/NSX-QUARANTINE-MIB.txt \
	    $(patsubst conf/%,$(DESTDIR)$(UNITDIR)/%,$(UNITS)) \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/nsx-quarantine.conf \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/nsx-quarantine.conf
	rm -rf $(DESTDIR)$(DOCDIR)
	-rmdir $(DESTDIR)$(CONFDIR)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' \
	    $(firstword $(MAKEFILE_LIST))
