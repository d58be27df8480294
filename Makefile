# SPDX-License-Identifier: Apache-2.0
# nsx-quarantine. `make help` lists the targets.

BUILD   ?= build
VARIANT ?= release
VERSION := 0.1.0
# The one build-time setting of the object tree; see README, "The OID root".
OID_ROOT ?= 1.3.6.1.4.1.8072.9999.9999.2611

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
DLMODDIR   ?= $(PREFIX)/lib/snmp/dlmod
MIBDIR     ?= $(PREFIX)/share/snmp/mibs

PKGS := libcurl libcjson libconfig sqlite3
WARN := -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wundef -Werror
OPT_release := -O2 -D_FORTIFY_SOURCE=2
OPT_asan    := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
               -fno-sanitize-recover=undefined
LINK_asan   := -fsanitize=address,undefined

OUT   := $(BUILD)/$(VARIANT)
comma := ,
DEFINES  := -D_GNU_SOURCE -DNQ_VERSION='"$(VERSION)"' \
            -DNQ_OID_ROOT='$(subst .,$(comma),$(OID_ROOT))'
CFLAGS   := -std=c11 -g -fPIC -fvisibility=hidden -fstack-protector-strong $(WARN) \
            $(OPT_$(VARIANT))
CPPFLAGS := -Iplugin $(DEFINES) $(shell pkg-config --cflags $(PKGS) 2>/dev/null) -MMD -MP
LDFLAGS  := -Wl,--as-needed -Wl,-z,relro -Wl,-z,now $(LINK_$(VARIANT))
LIBS     := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lnetsnmpagent -lnetsnmp
SIM_LIBS := -lmicrohttpd -lcjson

PROGRAM := $(OUT)/nsx-quarantine
MODULE  := $(OUT)/nsx-quarantine.so
SIM     := $(OUT)/nsx-sim
CORE    := $(OUT)/libnq.a

CORE_SRC    := $(filter-out plugin/entry/%,$(wildcard plugin/*/*.c))
SHARED_SRC  := $(wildcard plugin/entry/service.c plugin/entry/intake.c plugin/entry/hostlog.c)
PROGRAM_SRC := $(filter-out plugin/entry/dlmod.c $(SHARED_SRC),$(wildcard plugin/entry/*.c))
MODULE_SRC  := $(wildcard plugin/entry/dlmod.c)
SIM_SRC     := $(wildcard tests/sim/*.c)
UNIT_SRC    := $(wildcard tests/unit/test_*.c) $(wildcard tests/component/test_*.c)
TEST_SUPPORT_SRC := $(wildcard tests/component/world*.c)

obj = $(patsubst %.c,$(OUT)/%.o,$(1))
UNIT_BIN := $(patsubst tests/%.c,$(OUT)/tests/%,$(UNIT_SRC))

.PHONY: all
all: $(PROGRAM) $(MODULE) $(SIM)

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(CORE): $(call obj,$(CORE_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(PROGRAM): $(call obj,$(PROGRAM_SRC) $(SHARED_SRC)) $(CORE)
	$(CC) $(LDFLAGS) -pie -o $@ $^ $(LIBS)

$(MODULE): $(call obj,$(MODULE_SRC) $(SHARED_SRC)) $(CORE)
	$(CC) $(LDFLAGS) -shared -Wl,-z,nodelete -Wl,-z,defs -o $@ $^ $(LIBS)

$(SIM): $(call obj,$(SIM_SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $(SIM_LIBS)

$(OUT)/tests/%: $(OUT)/tests/%.o $(call obj,$(TEST_SUPPORT_SRC) $(SHARED_SRC)) $(CORE)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

.PHONY: unit
unit: $(UNIT_BIN) ## run the unit and component tests
	@set -e; for t in $(UNIT_BIN); do echo "== $$t"; $$t; done

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
