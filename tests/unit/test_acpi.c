/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/acpi.h"
#include "boot/aml.h"
#include "core/abi.h"
#include "core/cleanup.h"
#include "core/fds.h"
#include "core/layout.h"
#include "core/util.h"

#define HEADER_SIZE 36
#define RSDP_SIZE   36
#define FADT_SIZE   276

struct guest {
	uint8_t low[LAYOUT_ACPI_MAX]; /* the guest's memory at LAYOUT_ACPI */
	int used;
};

static const struct platform machines[] = {
	{.cpus = 1, .virtio_devices = 1},
	{.cpus = 1, .virtio_devices = 2},
	{.cpus = 4, .virtio_devices = 3},
	{.cpus = 255, .virtio_devices = LAYOUT_VIRTIO_DEVICES_MAX},
};

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t total = 0;

	while (len-- > 0)
		total = (uint8_t)(total + *p++);
	return total;
}

static struct guest *build(const struct platform *machine)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	assert_non_null(guest);
	guest->used = acpi_build(guest->low, sizeof(guest->low), LAYOUT_ACPI, machine);
	assert_true(guest->used > 0 && (size_t)guest->used <= sizeof(guest->low));
	return guest;
}

/* The table at gpa, which has to be whole, aligned, ours and right in its sum. */
static const uint8_t *table_at(const struct guest *guest, uint64_t gpa, const char *signature)
{
	const uint8_t *table;
	uint32_t length;

	assert_int_equal(gpa % 8, 0);
	assert_true(range_inside(gpa, HEADER_SIZE, LAYOUT_ACPI, (uint64_t)guest->used));
	table = guest->low + (gpa - LAYOUT_ACPI);
	assert_memory_equal(table, signature, 4);
	length = u32_at(table + 4);
	assert_true(length >= HEADER_SIZE);
	assert_true(range_inside(gpa, length, LAYOUT_ACPI, (uint64_t)guest->used));
	assert_int_equal(sum(table, length), 0);
	assert_memory_equal(table + 10, "SNUG  SNUGVIRT", 14);
	assert_memory_equal(table + 28, "SNUG", 4);
	return table;
}

/* From the RSDP, as a kernel would find it. */
static const uint8_t *find_table(const struct guest *guest, const char *signature)
{
	const uint8_t *rsdp = guest->low;
	const uint8_t *xsdt;

	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, RSDP_SIZE), 0);
	assert_int_equal(rsdp[15], 2);
	assert_int_equal(u32_at(rsdp + 16), 0);
	assert_int_equal(u32_at(rsdp + 20), RSDP_SIZE);

	xsdt = table_at(guest, u64_at(rsdp + 24), "XSDT");
	assert_int_equal((u32_at(xsdt + 4) - HEADER_SIZE) % 8, 0);
	if (!strcmp(signature, "XSDT"))
		return xsdt;
	for (uint32_t at = HEADER_SIZE; at < u32_at(xsdt + 4); at += 8) {
		uint64_t gpa = u64_at(xsdt + at);

		if (!memcmp(guest->low + (gpa - LAYOUT_ACPI), signature, 4))
			return table_at(guest, gpa, signature);
	}
	/* The DSDT hangs off the FADT. */
	assert_string_equal(signature, "DSDT");
	return table_at(guest, u64_at(find_table(guest, "FACP") + 140), "DSDT");
}

static void check_port(const uint8_t *address, uint16_t offset)
{
	/* SystemIO, 8 bits wide at bit 0, accessed as a byte. */
	assert_memory_equal(address, "\x01\x08\x00\x01", 4);
	assert_int_equal(u64_at(address + 4), SNUG_PORT_BASE + offset);
}

static void test_fadt(void **state)
{
	_cleanup_free_ struct guest *guest = build(&machines[0]);
	const uint8_t *fadt = find_table(guest, "FACP");
	uint32_t flags = u32_at(fadt + 112);

	(void)state;
	assert_int_equal(u32_at(fadt + 4), FADT_SIZE);
	assert_int_equal(fadt[8], 6);
	assert_int_equal(u32_at(fadt + 40), 0);       /* DSDT: only the 64-bit address is used */
	assert_int_equal(fadt[109], 1 << 2 | 1 << 5); /* no VGA, no CMOS clock; no 8042 */
	assert_true(flags & 1U << 20);                /* HW_REDUCED_ACPI */
	assert_true(flags & 1U << 10);                /* RESET_REG_SUP */
	assert_int_equal(flags >> 4 & 3, 3);          /* no fixed power and sleep buttons */
	check_port(fadt + 116, SNUG_PORT_RESET);
	assert_int_equal(fadt[128], SNUG_RESET_VALUE);
	check_port(fadt + 244, SNUG_PORT_SLEEP_CONTROL);
	check_port(fadt + 256, SNUG_PORT_SLEEP_STATUS);
	/* Hardware-reduced: no interrupt, no command port, no event or timer block, old or extended. */
	assert_int_equal(sum(fadt + 46, 109 - 46), 0);
	assert_int_equal(sum(fadt + 148, 244 - 148), 0);
}

static void test_madt(void **state)
{
	(void)state;
	for (size_t m = 0; m < ARRAY_SIZE(machines); m++) {
		_cleanup_free_ struct guest *guest = build(&machines[m]);
		const uint8_t *madt = find_table(guest, "APIC");
		uint32_t length = u32_at(madt + 4);
		unsigned lapics = 0, ioapics = 0;

		assert_int_equal(u32_at(madt + 36), LAYOUT_LAPIC);
		assert_int_equal(u32_at(madt + 40), 0);
		for (uint32_t at = 44; at < length; at += madt[at + 1]) {
			assert_true(length - at >= 2 && madt[at + 1] <= length - at);
			if (madt[at] == 0) {
				assert_int_equal(madt[at + 1], 8);
				assert_int_equal(madt[at + 2], lapics);
				assert_int_equal(madt[at + 3], lapics);
				assert_int_equal(u32_at(madt + at + 4), 1);
				lapics++;
			} else {
				assert_int_equal(madt[at], 1);
				assert_int_equal(madt[at + 1], 12);
				assert_int_equal(u32_at(madt + at + 4), LAYOUT_IOAPIC);
				assert_int_equal(u32_at(madt + at + 8), LAYOUT_IOAPIC_GSI);
				ioapics++;
			}
		}
		assert_int_equal(lapics, machines[m].cpus);
		assert_int_equal(ioapics, 1);
	}
}

static void test_tables_do_not_overlap(void **state)
{
	static const char *const signatures[] = {"XSDT", "FACP", "APIC", "DSDT"};

	(void)state;
	for (size_t m = 0; m < ARRAY_SIZE(machines); m++) {
		_cleanup_free_ struct guest *guest = build(&machines[m]);

		for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
			const uint8_t *a = find_table(guest, signatures[i]);

			assert_true(a >= guest->low + RSDP_SIZE);
			for (size_t j = 0; j < i; j++) {
				const uint8_t *b = find_table(guest, signatures[j]);

				assert_true(a + u32_at(a + 4) <= b || b + u32_at(b + 4) <= a);
			}
		}
	}
}

/* Every size that is too small is refused, and nothing is written behind it. */
static void test_small_buffers(void **state)
{
	const struct platform *machine = &machines[ARRAY_SIZE(machines) - 1];
	_cleanup_free_ struct guest *whole = build(machine);

	(void)state;
	for (size_t size = 0; size <= (size_t)whole->used; size++) {
		_cleanup_free_ uint8_t *buf = calloc(1, (size_t)whole->used + 64);
		int r;

		assert_non_null(buf);
		r = acpi_build(buf, size, LAYOUT_ACPI, machine);
		assert_int_equal(r, size < (size_t)whole->used ? -ENOSPC : whole->used);
		for (size_t i = size; i < (size_t)whole->used + 64; i++)
			assert_int_equal(buf[i], 0);
	}
}

/* The length of a package has 1 to 4 bytes, and counts them too: each size around the borders. */
static void test_package_length(void **state)
{
	static const size_t bodies[] = {5,    61,   62,    63,      64,      4092,   4093,
					4094, 4095, 70000, 1048571, 1048572, 1048573};
	const size_t size = 2000000;
	_cleanup_free_ uint8_t *buf = malloc(size);

	(void)state;
	assert_non_null(buf);
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct aml aml = {.buf = buf, .size = size};
		size_t opened = aml_open_scope(&aml, "_SB_"); /* 5 bytes of the body */
		size_t length, bytes;

		assert_int_equal(opened, 1);
		while (aml.used < opened + bodies[i])
			aml_integer(&aml, 1);
		aml_close(&aml, opened);
		assert_false(aml.failed);

		bytes = 1U + (buf[1] >> 6);
		length = bytes == 1 ? buf[1] & 0x3f : buf[1] & 0xf;
		if (bytes > 1)
			assert_int_equal(buf[1] & 0x30, 0);
		for (size_t n = 1; n < bytes; n++)
			length |= (size_t)buf[1 + n] << (8 * n - 4);
		assert_int_equal(length, bytes + bodies[i]);
		assert_int_equal(aml.used, 1 + length);
		assert_memory_equal(buf + 1 + bytes, "\\_SB_\x01", bodies[i] > 5 ? 6 : 5);
		/* No more bytes than it takes. */
		if (bytes == 2)
			assert_true(bodies[i] + 1 > 63);
		if (bytes > 2)
			assert_true(bodies[i] + bytes - 1 >= (size_t)1 << (8 * (bytes - 1) - 4));
	}
}

static void write_file(const char *name, const uint8_t *data, size_t len)
{
	_cleanup_close_ int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
}

/* What a file holds, as a string that is the caller's. */
static char *read_file(const char *name)
{
	const size_t size = 1 << 20;
	_cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC);
	char *text = calloc(1, size);

	assert_true(fd >= 0);
	assert_non_null(text);
	assert_true(fd_pread_upto(fd, text, size - 1, 0) > 0);
	return text;
}

/* Runs iasl with its output in the file "log"; its exit status, 127 if there is no iasl. */
static int run_iasl(const char *option, const char *file)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int log = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (log >= 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
			(void)execlp("iasl", "iasl", option, file, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_no_complaint(const char *what)
{
	_cleanup_free_ char *log = read_file("log");

	if (strstr(log, "Error  ") || strstr(log, "Warning  ") || strstr(log, "ACPI Error") ||
	    strstr(log, "ACPI Warning") || strstr(log, "ncorrect checksum") ||
	    strstr(log, "does not contain a valid"))
		fail_msg("iasl on %s: %s", what, log);
}

/* Decompiles one table; the source is the caller's. */
static char *decompile(const struct guest *guest, const char *signature)
{
	const uint8_t *table = find_table(guest, signature);
	char binary[16], source[16];

	(void)snprintf(binary, sizeof(binary), "%s.dat", signature);
	(void)snprintf(source, sizeof(source), "%s.dsl", signature);
	write_file(binary, table, u32_at(table + 4));
	assert_int_equal(run_iasl("-d", binary), 0);
	expect_no_complaint(binary);
	return read_file(source);
}

static void expect_text(const char *dsl, const char *text)
{
	if (!strstr(dsl, text))
		fail_msg("no \"%s\" in: %s", text, dsl);
}

static unsigned count_text(const char *dsl, const char *text)
{
	unsigned count = 0;

	for (; (dsl = strstr(dsl, text)); dsl++)
		count++;
	return count;
}

static void check_dsdt_source(const char *dsl, unsigned devices)
{
	const unsigned last = devices - 1;
	char text[64];

	expect_text(dsl, "Name (_S5, Package (0x04)  // _S5_: S5 System State\n    {\n"
			 "        0x05, \n        0x05, \n        Zero, \n        Zero\n    })");
	expect_text(dsl, "Scope (\\_SB)");
	assert_int_equal(count_text(dsl, "Device (V"), devices);
	assert_int_equal(count_text(dsl, "Name (_HID, \"LNRO0005\")"), devices);
	assert_int_equal(count_text(dsl, "Memory32Fixed (ReadWrite,"), devices);
	assert_int_equal(
		count_text(dsl, "Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive"),
		devices);
	assert_int_equal(count_text(dsl, "0x00001000,         // Address Length"), devices);
	expect_text(dsl, "Name (_UID, Zero)");
	expect_text(dsl, "0xD0000000,         // Address Base");
	(void)snprintf(text, sizeof(text), "Device (V%03X)", last);
	expect_text(dsl, text);
	(void)snprintf(text, sizeof(text), "0x%08llX,         // Address Base",
		       LAYOUT_VIRTIO_MMIO + last * LAYOUT_VIRTIO_MMIO_SIZE);
	expect_text(dsl, text);
	(void)snprintf(text, sizeof(text), "0x%08X,\n",
		       LAYOUT_IOAPIC_GSI + LAYOUT_VIRTIO_PIN + last);
	expect_text(dsl, text);
}

static void check_with_iasl(const struct platform *machine)
{
	_cleanup_free_ struct guest *guest = build(machine);
	_cleanup_free_ char *xsdt = decompile(guest, "XSDT");
	_cleanup_free_ char *fadt = decompile(guest, "FACP");
	_cleanup_free_ char *madt = decompile(guest, "APIC");
	_cleanup_free_ char *dsdt = decompile(guest, "DSDT");

	expect_text(xsdt, "ACPI Table Address   1");
	expect_text(fadt, "Hardware Reduced (V5) : 1");
	expect_text(fadt, "Reset Register Supported (V2) : 1");
	expect_text(fadt, "CMOS RTC Not Present (V5) : 1");
	assert_int_equal(count_text(madt, "[Processor Local APIC]"), machine->cpus);
	assert_int_equal(count_text(madt, "[I/O APIC]"), 1);
	check_dsdt_source(dsdt, machine->virtio_devices);

	/* What came out compiles again, so it was understood. */
	assert_int_equal(run_iasl("-oa", "DSDT.dsl"), 0);
	{
		_cleanup_free_ char *log = read_file("log");

		expect_text(log, "0 Errors, 0 Warnings");
	}
}

static int make_directory(void **state)
{
	static char dir[32];

	(void)snprintf(dir, sizeof(dir), "/tmp/snug-test-acpi-XXXXXX");
	*state = dir;
	return mkdtemp(dir) ? chdir(dir) : -1;
}

static int remove_directory(void **state)
{
	static const char *const signatures[] = {"XSDT", "FACP", "APIC", "DSDT"};
	static const char *const suffixes[] = {"dat", "dsl", "aml"};
	char name[16];

	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++)
		for (size_t j = 0; j < ARRAY_SIZE(suffixes); j++) {
			(void)snprintf(name, sizeof(name), "%s.%s", signatures[i], suffixes[j]);
			(void)unlink(name);
		}
	(void)unlink("log");
	return chdir("/") || rmdir(*state);
}

static void test_iasl_understands_them(void **state)
{
	(void)state;
	if (run_iasl("-v", "-v") == 127) {
		print_message("skipped: iasl is not installed (Debian: acpica-tools)\n");
		skip();
	}
	for (size_t m = 0; m < ARRAY_SIZE(machines); m++)
		check_with_iasl(&machines[m]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fadt),
		cmocka_unit_test(test_madt),
		cmocka_unit_test(test_tables_do_not_overlap),
		cmocka_unit_test(test_small_buffers),
		cmocka_unit_test(test_package_length),
		cmocka_unit_test_setup_teardown(test_iasl_understands_them, make_directory,
						remove_directory),
	};

	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
