# SPDX-License-Identifier: Apache-2.0
#
# make run          build snug and run a real command in a VM; sets up what is missing
# make check        every test; sets up what is missing
# make check-quick  the tests that boot no VM; sets up what is missing
# make              build/snug, build/snug-full, build/snug-label, build/snug-monitor, build/snug-report
# make policy       build the SELinux policy module (build/selinux/snug.pp); make install-policy
# make kernel       build snug's own guest kernel (build/kernel/), which is then the default
# make bench        compare snug's start and end with QEMU's and others'
# make bench-9p     compare the 9P server with QEMU's; says how long each thing takes
# make install      with DESTDIR= and PREFIX= (/usr/local); make uninstall
# make deb          Debian packages, in build/deb
# make setup        only install what is missing, and say what
# make lint         cppcheck       make format   clang-format
# make fuzz         the fuzz targets, with clang: tests/fuzz/run runs them
#
# BUILD=DIR  another build directory    CC=clang  works too
# LIBC=glibc the monitor and guest-init with glibc, where there is no musl
# SAN=1      with AddressSanitizer and UBSan    SAN=thread  with ThreadSanitizer

BUILD ?= build
CC = gcc
SAN ?= 0
LIBC ?= musl
V ?= 0

WARN = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
       -Wpointer-arith -Wvla -Werror
CFLAGS ?= -O2 -g
# The same sources are the same programs, wherever they are.
HARDEN = -fstack-protector-strong -fno-strict-aliasing -ffile-prefix-map=$(CURDIR)=.
CPPFLAGS_ALL = -D_GNU_SOURCE -I. $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 $(WARN) $(HARDEN) $(CFLAGS) -MMD -MP
SANITIZERS_1 = address,undefined
SANITIZERS_thread = thread
SANITIZERS_fuzz = address,undefined
ifneq ($(SAN),0)
CFLAGS_ALL += -fsanitize=$(SANITIZERS_$(SAN)) -fno-sanitize-recover=all -fno-omit-frame-pointer
CPPFLAGS_ALL += -DSNUG_SANITIZED
LDFLAGS_SAN = -fsanitize=$(SANITIZERS_$(SAN))
LIBC = glibc
else
CFLAGS_ALL += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# static-pie: one file, no loader, and still at a random address
STATIC_PIE = -static-pie
endif
Q = $(if $(filter 1,$(V)),,@)

CORE_SRC = $(wildcard core/*.c)
BOOT_BOTH_SRC = $(addprefix boot/,kernel_image.c vmlinux.c)
# What needs libraries, or only snug-full does: launcher/full_calls.c stands for it in snug.
FULL_SRC = $(addprefix boot/,unpack.c modules.c vmlinux_make.c kernel_cache_add.c initrd_cache_add.c) \
           $(addprefix launcher/,users.c kernel_command.c bench_command.c bench_variants.c \
             kept.c keep_apply.c keep_command.c doctor.c finding.c check_start.c check_confine.c \
             check_resources.c)
BOOT_PREPARE_SRC = $(filter-out $(BOOT_BOTH_SRC) $(BOOT_LOAD_SRC),$(wildcard boot/*.c))
BOOT_LOAD_SRC = $(addprefix boot/,load.c kaslr.c boot_params.c acpi.c aml.c mptable.c devices.c entry.c)
SNUG_FULL_SRC = $(filter-out launcher/full_calls.c,$(wildcard launcher/*.c)) $(BOOT_BOTH_SRC) \
                $(BOOT_PREPARE_SRC) $(CORE_SRC)
SNUG_SRC = $(filter-out $(FULL_SRC),$(SNUG_FULL_SRC)) launcher/full_calls.c
MONITOR_SRC = $(wildcard vmm/*.c vmm/*/*.c virtio/*.c virtio/p9/*.c) $(BOOT_BOTH_SRC) \
              $(BOOT_LOAD_SRC) $(CORE_SRC)
INIT_SRC = $(wildcard guest-init/*.c)
REPORT_SRC = $(wildcard report/*.c) $(addprefix launcher/,strlist.c shell_quote.c) $(CORE_SRC)

FULL_LIBS = -lcrypto -lkmod -llzma -lzstd -llz4 -lz -lbz2
REPORT_LIBS = -ljansson -lm
comma = ,
LABEL_SRC = $(wildcard label/*.c) $(CORE_SRC)
LABEL_LIBS = -lselinux
obj = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(1)))
small = $(patsubst %,$(BUILD)/obj/$(LIBC)/%.o,$(basename $(1)))

# What is on the start path is static, with musl: glibc asks the processor forty questions (CPUID) before
# main(), which takes longer than all the rest where each goes to a hypervisor. Besides musl's headers the
# kernel's are needed, and one of glibc's that needs no other.
MUSL_SPECS := $(shell sed -n 's/.*-specs "\(.*\)".*/\1/p' "$$(command -v musl-gcc)" /dev/null)
MUSL_LIB := $(patsubst %/,%,$(dir $(MUSL_SPECS)))
MUSL_INCLUDE := $(lastword $(shell sed -n 's/.*-nostdinc -isystem \([^ ]*\).*/\1/p' $(MUSL_SPECS) /dev/null))
MUSL_HEADERS = $(BUILD)/obj/musl/include
MUSL_CPPFLAGS = -nostdinc -isystem $(MUSL_INCLUDE) -isystem $(shell $(CC) -print-file-name=include) \
                -idirafter $(MUSL_HEADERS)
MUSL_END = $(MUSL_LIB)/libc.a $(shell $(CC) -print-libgcc-file-name) $(MUSL_LIB)/crtn.o
ifeq ($(LIBC),musl)
SMALL_HEADERS = $(MUSL_HEADERS)
# musl's ioctl() takes its request as int.
$(BUILD)/obj/musl/%.o: CFLAGS_ALL += -Wno-sign-conversion
$(BUILD)/obj/musl/%.o: CPPFLAGS_ALL += $(MUSL_CPPFLAGS)
# Threads have as much stack as the program asks for in its header.
link_static_pie = $(CC) -static-pie -nostdlib -Wl,-z,stack-size=1048576 $(LDFLAGS) -o $(1) \
                  $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $(2) $(MUSL_END)
link_snug = $(call link_static_pie,$@.debug,$^)
link_static = $(CC) -static -nostdlib -Wl,--gc-sections $(LDFLAGS) -o $(1) \
              $(MUSL_LIB)/crt1.o $(MUSL_LIB)/crti.o $(2) $(MUSL_END)
else
link_static_pie = $(CC) $(STATIC_PIE) $(LDFLAGS) $(LDFLAGS_SAN) -o $(1) $(2) -pthread
# Not static: glibc's name service is not to be had that way.
link_snug = $(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@.debug $^
link_static = $(CC) -static -Wl,--gc-sections $(LDFLAGS) -o $(1) $(2)
endif

all: $(BUILD)/snug $(BUILD)/snug-full $(BUILD)/snug-label $(BUILD)/snug-monitor $(BUILD)/snug-report

$(MUSL_HEADERS):
	$(Q)[ -n "$(MUSL_LIB)" ] || { echo "no musl-gcc here: apt-get install musl-tools (or make LIBC=glibc)" >&2; exit 1; }
	$(Q)mkdir -p $@.new/sys
	$(Q)for header in linux asm asm-generic video sys/queue.h; do \
		for dir in /usr/include /usr/include/$$($(CC) -print-multiarch); do \
			[ ! -e $$dir/$$header ] || ln -sfn $$dir/$$header $@.new/$$header; \
		done; \
	done
	$(Q)mv -T $@.new $@

$(BUILD)/snug: $(call small,$(SNUG_SRC))
	@echo "  LD      $@"
	$(Q)$(link_snug)
	$(Q)objcopy --strip-all $@.debug $@

$(BUILD)/snug-full: $(call obj,$(SNUG_FULL_SRC)) $(BUILD)/obj/boot/guest_init.o
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ $(FULL_LIBS)

# Its library is nothing that a start of snug should load.
$(BUILD)/snug-report: $(call obj,$(REPORT_SRC))
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ $(REPORT_LIBS)

# What each kind of the monitor's threads may call, compiled by libseccomp, on the host, when snug is built.
FILTERS = $(BUILD)/gen/vmm/confine/filters
$(FILTERS)/generate: vmm/confine/filters/generate.c $(wildcard vmm/confine/filters/*.h)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -D_GNU_SOURCE -I. -std=gnu11 $(WARN) -O1 -o $@ $< -lseccomp

$(FILTERS)/filters.inc: $(FILTERS)/generate
	@echo "  GEN     $@"
	$(Q)$< >$@.new && mv $@.new $@

FILTERED = $(call obj,vmm/confine/seccomp.c) $(call small,vmm/confine/seccomp.c)
$(FILTERED): $(FILTERS)/filters.inc
$(FILTERED): CPPFLAGS_ALL += -I$(BUILD)/gen

# Of what this is built; "make COMMIT=..." where git cannot tell. No rule, as a commit touches no file; and
# what includes it is in no library, so that tests need not be linked anew for one.
COMMIT ?= $(shell git describe --always --dirty --abbrev=12 2>/dev/null)
COMMIT_LINE := \#define SNUG_COMMIT "$(COMMIT)"
COMMIT_FILE = $(BUILD)/gen/commit/commit.inc
$(shell mkdir -p $(dir $(COMMIT_FILE)) && { echo '$(COMMIT_LINE)' | cmp -s - $(COMMIT_FILE) || \
	echo '$(COMMIT_LINE)' >$(COMMIT_FILE); } )
$(call obj,launcher/version.c) $(call small,launcher/version.c): CPPFLAGS_ALL += -I$(BUILD)/gen/commit

# What is between launcher and monitor where SELinux is on, and only there.
$(BUILD)/snug-label: $(call obj,$(LABEL_SRC))
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ $(LABEL_LIBS)

$(BUILD)/snug-monitor: $(call small,$(MONITOR_SRC))
	@echo "  LD      $@"
	$(Q)$(call link_static_pie,$@.debug,$^)
	$(Q)objcopy --strip-all $@.debug $@

# The guest's init is never sanitized: it runs alone on a kernel, with nothing to report to.
INIT_CFLAGS = -std=gnu11 $(WARN) $(HARDEN) -Os -g -MMD -MP
$(BUILD)/obj/$(LIBC)/guest-init/%.o: guest-init/%.c | $(SMALL_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(INIT_CFLAGS) -ffunction-sections -c -o $@ $<

$(BUILD)/guest-init: $(call small,$(INIT_SRC))
	@echo "  LD      $@"
	$(Q)$(call link_static,$@.debug,$^)
	$(Q)objcopy --strip-all $@.debug $@

# What makes initrds carries guest-init: no file to find, no version to mismatch.
$(BUILD)/obj/boot/guest_init.o: boot/guest_init.S $(BUILD)/guest-init
	@mkdir -p $(@D)
	@echo "  AS      $@"
	$(Q)$(CC) -ffile-prefix-map=$(CURDIR)=. -DGUEST_INIT='"$(BUILD)/guest-init"' -c -o $@ $<

$(BUILD)/obj/$(LIBC)/%.o: %.c | $(SMALL_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

# Everything but the main()s, and what says which commit, for the tests.
$(BUILD)/libsnug.a: $(call obj,$(sort $(filter-out %/main.c %/version.c,$(SNUG_FULL_SRC) $(MONITOR_SRC)))) \
                    $(BUILD)/obj/boot/guest_init.o
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

UNIT_SRC = $(wildcard tests/unit/test_*.c)
UNIT_BIN = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SRC))
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libsnug.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ -lcmocka $(FULL_LIBS) -pthread

$(BUILD)/libreport.a: $(call obj,$(filter-out %/main.c,$(wildcard report/*.c)))
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

REPORT_TESTS = $(filter %/test_doctor %/test_timeline,$(UNIT_BIN)) \
               $(filter $(BUILD)/tests/unit/test_bench_%,$(UNIT_BIN))
$(REPORT_TESTS): $(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libreport.a $(BUILD)/libsnug.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ -lcmocka $(REPORT_LIBS) $(FULL_LIBS) -pthread

# The tests of the 9P server, its workers confined as in a run.
WRAPPED = $(patsubst %,-Wl$(comma)--wrap=p9_worker_%,new free take serve)
CONFINED_BIN = $(patsubst tests/unit/%.c,$(BUILD)/tests/confined/%,$(shell grep -L p9_device.h tests/unit/test_p9_*.c))
$(BUILD)/tests/confined/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/confined/worker.o \
                           $(BUILD)/libsnug.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) $(WRAPPED) -o $@ $^ -lcmocka $(FULL_LIBS) -pthread

confined-tests: $(CONFINED_BIN)

$(BUILD)/liblabel.a: $(call obj,$(filter-out %/main.c,$(wildcard label/*.c)))
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/tests/unit/test_label_%: $(BUILD)/obj/tests/unit/test_label_%.o $(BUILD)/liblabel.a \
                                  $(BUILD)/libsnug.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ -lcmocka $(LABEL_LIBS)

# Tests of guest-init link its parts alone, compiled like everything else so that SAN=1 covers them.
$(BUILD)/obj/tests/guest-init/%.o: guest-init/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/libguest-init.a: $(patsubst %.c,$(BUILD)/obj/tests/%.o,$(filter-out %/main.c,$(INIT_SRC)))
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/tests/unit/test_guest_%: $(BUILD)/obj/tests/unit/test_guest_%.o $(BUILD)/libguest-init.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ -lcmocka

# The fuzzer follows what the server does, not what the targets do: those are not instrumented for it.
FUZZ_BIN = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_WORLD = $(call obj,$(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c)))
FUZZ_SERVER = $(call obj,$(wildcard virtio/p9/*.c))
ifeq ($(SAN),fuzz)
$(FUZZ_SERVER): CFLAGS_ALL += -fsanitize=fuzzer-no-link
endif
$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_WORLD) $(FUZZ_SERVER)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -fsanitize=fuzzer -o $@ $^ -pthread

fuzz-targets: $(FUZZ_BIN)

fuzz:
	@$(MAKE) --no-print-directory fuzz-targets BUILD=$(BUILD)/fuzz SAN=fuzz CC=clang

# Bare-metal guests: a bzImage each, whose code is a flat binary.
GUEST_CFLAGS = -std=gnu11 $(WARN) -O2 -g -MMD -MP -ffreestanding -mgeneral-regs-only -mno-red-zone \
               -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none
GUEST_LIB = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(wildcard tests/guest/lib/*.[cS])))
GUEST_IMG = $(patsubst %,$(BUILD)/%.img,$(basename $(wildcard tests/guest/*.[cS])))
$(BUILD)/obj/tests/guest/%.o: tests/guest/%.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(GUEST_CFLAGS) -c -o $@ $<

$(BUILD)/obj/tests/guest/%.o: tests/guest/%.S
	@mkdir -p $(@D)
	@echo "  AS      $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/obj/tests/guest/guests.a: $(filter-out %/header.o,$(GUEST_LIB))
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(BUILD)/tests/guest/%.img: $(BUILD)/obj/tests/guest/%.o $(BUILD)/obj/tests/guest/guests.a \
                            $(BUILD)/obj/tests/guest/lib/header.o tests/guest/lib/guest.ld
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(LD) -static -nostdlib -T tests/guest/lib/guest.ld -o $@ \
		$(BUILD)/obj/tests/guest/lib/header.o $< $(BUILD)/obj/tests/guest/guests.a

guest-tests: $(BUILD)/snug-monitor $(GUEST_IMG)

# The monitor with hostile code in it: tests/breakout/run.
BREAKOUT_WRAPPED = $(patsubst %,-Wl$(comma)--wrap=%,vcpu_handle_exit p9_worker_serve klog_show)
$(BUILD)/tests/breakout/snug-monitor: LDFLAGS += $(BREAKOUT_WRAPPED)
$(BUILD)/tests/breakout/snug-monitor: $(call small,$(MONITOR_SRC) $(wildcard tests/breakout/*.c))
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(call link_static_pie,$@,$^)

breakout-tests: $(BUILD)/tests/breakout/snug-monitor $(GUEST_IMG)

unit-tests: $(UNIT_BIN)

# What a guest's kernel can do (tests/system/programs.sh); and a program for processors of 32 bits.
$(BUILD)/tests/probe: $(call obj,$(wildcard tests/probe/*.c))
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $^

$(BUILD)/tests/program32: tests/probe/program32.S
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -m32 -c -o $@.o $<
	$(Q)$(LD) -m elf_i386 -o $@ $@.o

# The example of docs/embedding.md.
$(BUILD)/tests/embedding-init: $(BUILD)/obj/docs/embedding/init.o
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $^

system-programs: $(BUILD)/tests/probe $(BUILD)/tests/program32 $(BUILD)/tests/embedding-init

# What waits in the monitor's place (tests/selinux/matrix.bash).
$(BUILD)/tests/selinux/waiter: $(BUILD)/obj/$(LIBC)/tests/selinux/waiter.o
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(call link_static,$@,$^)

selinux-programs: $(BUILD)/tests/selinux/waiter

# What the benchmarks run in a guest: static, its loading is no part of what is measured.
$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -static $(LDFLAGS) -o $@ $^

# PID 1 of the peers' guests: parts of guest-init.
$(BUILD)/tests/bench/peer_init: $(BUILD)/obj/$(LIBC)/tests/bench/peer_init.o \
                                $(call small,$(filter-out %/main.c,$(INIT_SRC)))
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(call link_static,$@,$^)
	$(Q)objcopy --strip-all $@

# The kernel that only ends its VM, in one of the ways it knows: a bzImage, and an ELF file.
MARKERS = $(foreach end,SNUG ACPI I8042 FAULT,$(BUILD)/tests/bench/marker-$(end).img \
                                              $(BUILD)/tests/bench/marker-$(end).elf)
$(BUILD)/tests/bench/marker-%.img: tests/bench/marker.S tests/guest/lib/setup_header.inc
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -I. -DEND_$* -c -o $@.o $<
	$(Q)$(LD) -static -nostdlib -Ttext=0 -e 0 --oformat binary -o $@ $@.o

$(BUILD)/tests/bench/marker-%.elf: tests/bench/marker.S
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -I. -DEND_$* -DMARKER_ELF -c -o $@.o $<
	$(Q)$(LD) -static -nostdlib -Ttext=0x1000000 -e entry64 -o $@ $@.o

# The 9P server on a socket, and what runs on it (tests/conformance/).
$(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(BUILD)/libsnug.a
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(LDFLAGS) $(LDFLAGS_SAN) -o $@ $^ -pthread

conformance-tools: $(BUILD)/tests/tools/p9-serve $(BUILD)/tests/tools/file-exerciser

bench-programs: all $(addprefix $(BUILD)/tests/bench/,stat_storm peer_init kvm_objects) \
                $(MARKERS)

# Where this host's KVM cannot boot a stock kernel, an emulated one does; the command is the same.
DEMO = uname -sr; id -un; head -n 1 /etc/os-release
run:
	@tools/setup run
	@$(MAKE) --no-print-directory all
	@run=; \
	if [ "$$(tests/testbed/run --where)" = emulated ]; then \
		why="this host's /dev/kvm cannot boot a stock kernel"; \
		[ -r /dev/kvm ] && [ -w /dev/kvm ] || why="you have no access to /dev/kvm"; \
		[ -e /dev/kvm ] || why="this host has no /dev/kvm"; \
		echo "Using an emulated host, which is slow: $$why."; \
		run="tests/testbed/run --"; \
	fi; \
	kernel=$$(tools/build-kernel --cached || tools/fetch-kernel) && \
	$(BUILD)/snug kernel add "$$kernel" && \
	echo "On the host: $$(uname -sr). In the VM:" && \
	$$run $(BUILD)/snug run --timeline -k "$$kernel" -- sh -c '$(DEMO)'

# make run and snug itself prefer it from then on.
kernel:
	@tools/setup own-kernel
	@tools/build-kernel

# What cannot be set up is a skipped test, and said.
check:
	@tools/setup check || true
	@tests/run-all

check-quick:
	@tools/setup build test || true
	@tests/run-all --quick

# BENCH='--quick' and so on: tests/bench/start --help. Of an emulated host, $(BUILD)/bench stays.
bench:
	@tools/setup bench
	@$(MAKE) --no-print-directory bench-programs
	@tests/bench/start --prepare
	@mkdir -p $(BUILD)/bench
	@tests/testbed/run --timeout 7200 --results $(BUILD)/bench -- tests/bench/start $(BENCH)
	@echo && echo "What KVM's objects cost there:"
	@tests/testbed/run -- $(BUILD)/tests/bench/kvm_objects

# The same: tests/bench/9p --help
bench-9p:
	@tools/setup bench
	@$(MAKE) --no-print-directory bench-programs
	@tests/bench/9p --prepare
	@tests/testbed/run --timeout 7200 -- tests/bench/9p $(BENCH)

# snug finds the rest from where it is itself: ../libexec/snug (launcher/install.h).
PREFIX ?= /usr/local
BINDIR = $(DESTDIR)$(PREFIX)/bin
PARTSDIR = $(DESTDIR)$(PREFIX)/libexec/snug
MANDIR = $(DESTDIR)$(PREFIX)/share/man
PARTS = snug-full snug-label snug-monitor snug-report
MAN_PAGES = $(wildcard docs/*.[0-9])
# As they stand here, so that what links from one to the other does; with what embedding.md needs.
DOCDIR = $(DESTDIR)$(PREFIX)/share/doc/snug
DOCS = README.md $(wildcard docs/*.md docs/*.svg docs/embedding/*) core/abi.h vmm/config.h

# What shells complete: made from snug's own help.
COMPLETIONS = $(addprefix $(BUILD)/completions/,snug.bash _snug snug.fish)
$(COMPLETIONS): $(BUILD)/completions/%: tools/completion/% tools/completion/make $(BUILD)/snug
	@mkdir -p $(@D)
	@echo "  GEN     $@"
	$(Q)tools/completion/make $< $(BUILD)/snug >$@.new && mv $@.new $@

completions: $(COMPLETIONS)

# Where the shells look: FILE:DIRECTORY. Debian's packages have another directory for zsh.
SHAREDIR = $(DESTDIR)$(PREFIX)/share
ZSHDIR ?= zsh/site-functions
INSTALLED_COMPLETIONS = $(SHAREDIR)/bash-completion/completions/snug $(SHAREDIR)/$(ZSHDIR)/_snug \
                        $(SHAREDIR)/fish/vendor_completions.d/snug.fish

# Its own kernel too, if there is one. What stands there is replaced at once, not written to: it may be running.
install: all completions
	install -d $(BINDIR) $(PARTSDIR) $(sort $(foreach page,$(MAN_PAGES),$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))))
	install $(addprefix $(BUILD)/,$(PARTS)) $(PARTSDIR)
	install $(BUILD)/snug $(BINDIR)
	$(foreach page,$(MAN_PAGES),install -m 644 $(page) $(MANDIR)/man$(patsubst .%,%,$(suffix $(page)));) :
	$(foreach file,$(DOCS),install -D -m 644 $(file) $(DOCDIR)/$(file);) :
	$(foreach file,$(join $(addsuffix :,$(COMPLETIONS)),$(INSTALLED_COMPLETIONS)),install -D -m 644 $(subst :, ,$(file));) :
	rm -rf $(PARTSDIR)/kernel.new
	[ ! -d $(BUILD)/kernel ] || { \
		cp -r $(BUILD)/kernel $(PARTSDIR)/kernel.new && rm -f $(PARTSDIR)/kernel.new/key && chmod -R u=rwX,go=rX $(PARTSDIR)/kernel.new && \
		rm -rf $(PARTSDIR)/kernel && mv -T $(PARTSDIR)/kernel.new $(PARTSDIR)/kernel; }

uninstall:
	rm -f $(BINDIR)/snug $(foreach page,$(MAN_PAGES),$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))
	rm -f $(INSTALLED_COMPLETIONS)
	rm -rf $(PARTSDIR) $(DOCDIR)

# With what selinux-policy-dev (Debian), or -devel, has. The policy itself need not be on this host: of its
# name, only "mls" makes a difference.
POLICY_DEVEL ?= /usr/share/selinux/devel/Makefile
POLICY_NAME ?= default
policy: $(BUILD)/selinux/snug.pp
$(BUILD)/selinux/snug.pp: $(addprefix selinux/snug.,te if fc)
	@[ -e $(POLICY_DEVEL) ] || { echo "no $(POLICY_DEVEL): install selinux-policy-dev"; exit 1; }
	@mkdir -p $(@D)
	@echo "  POLICY  $@"
	$(Q)cp $^ $(@D)
	$(Q)$(MAKE) -s -C $(@D) -f $(POLICY_DEVEL) NAME=$(POLICY_NAME) snug.pp >$(@D)/policy.log 2>&1 || \
		{ cat $(@D)/policy.log; exit 1; }

# What is installed already gets its labels by restorecon.
install-policy: policy
	semodule -i $(BUILD)/selinux/snug.pp
	[ ! -d $(PARTSDIR) ] || restorecon -R $(PARTSDIR)

deb:
	@tools/setup build deb
	@tools/make-deb

setup:
	@tools/setup

lint:
	@mkdir -p $(BUILD)/cppcheck
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --suppressions-list=tests/cppcheck.suppress \
		--cppcheck-build-dir=$(BUILD)/cppcheck -j2 --enable=warning,portability,performance \
		--std=c11 --library=posix,gnu -D_GNU_SOURCE -I. $(shell git ls-files '*.c')

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD)

export BUILD CC
.PHONY: all completions kernel policy install-policy system-programs selinux-programs unit-tests confined-tests breakout-tests guest-tests fuzz fuzz-targets run check check-quick conformance-tools bench-programs bench bench-9p deb install uninstall setup lint format clean
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
