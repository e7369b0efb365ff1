/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/acpi.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot/aml.h"
#include "boot/checksum.h"
#include "core/abi.h"
#include "core/layout.h"
#include "core/util.h"

/* 16 is what ACPI 6.4, 5.2.5.1 asks of the RSDP, and more than any other table needs. */
#define TABLE_ALIGNMENT 16

#define OEM_ID           "SNUG  "
#define OEM_TABLE_ID     "SNUGVIRT"
#define OEM_REVISION     1
#define CREATOR_ID       "SNUG"
#define CREATOR_REVISION 1

/* ACPI 6.4, 5.2.6 */
struct table_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __attribute__((packed));

/* ACPI 6.4, 5.2.5.3 */
struct rsdp {
	char signature[8];
	uint8_t checksum; /* of the bytes before length: what ACPI 1.0 had */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt_address;
	uint32_t length;
	uint64_t xsdt_address;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));
#define RSDP_REVISION 2

/* ACPI 6.4, 5.2.8 */
struct xsdt {
	struct table_header header;
	uint64_t fadt;
	uint64_t madt;
} __attribute__((packed));
#define XSDT_REVISION 1

/* ACPI 6.4, 5.2.3.2 */
struct generic_address {
	uint8_t address_space;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;
	uint64_t address;
} __attribute__((packed));
#define SPACE_SYSTEM_IO 1
#define ACCESS_BYTE     1

/* ACPI 6.4, 5.2.9. Hardware-reduced ACPI ignores what is named unused here, and wants it zero. */
struct fadt {
	struct table_header header;
	uint32_t firmware_ctrl;
	uint32_t dsdt;
	uint8_t unused1[65];
	uint16_t iapc_boot_arch;
	uint8_t reserved1;
	uint32_t flags;
	struct generic_address reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor_version;
	uint64_t x_firmware_ctrl;
	uint64_t x_dsdt;
	struct generic_address unused2[8];
	struct generic_address sleep_control_reg;
	struct generic_address sleep_status_reg;
	uint64_t hypervisor_vendor;
} __attribute__((packed));
#define FADT_REVISION      6
#define FADT_MINOR_VERSION 4
#define FADT_NO_VGA        (1U << 2)
#define FADT_NO_CMOS_RTC   (1U << 5)
#define FADT_WBINVD        (1U << 0)
#define FADT_PWR_BUTTON    (1U << 4) /* not a fixed-feature button: a device, and there is none */
#define FADT_SLP_BUTTON    (1U << 5)
#define FADT_RESET_REG_SUP (1U << 10)
#define FADT_HW_REDUCED    (1U << 20)
_Static_assert(sizeof(struct fadt) == 276, "FADT revision 6");

/* ACPI 6.4, 5.2.12 */
struct madt {
	struct table_header header;
	uint32_t lapic_address;
	uint32_t flags; /* PCAT_COMPAT is not set: there is no pair of 8259s */
} __attribute__((packed));
#define MADT_REVISION 5

struct madt_lapic {
	uint8_t type;
	uint8_t length;
	uint8_t processor_uid;
	uint8_t apic_id;
	uint32_t flags;
} __attribute__((packed));
#define MADT_LAPIC         0
#define MADT_LAPIC_ENABLED 1

struct madt_ioapic {
	uint8_t type;
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} __attribute__((packed));
#define MADT_IOAPIC 1
#define IOAPIC_ID   0 /* what the I/O APIC's own ID register says */

#define DSDT_REVISION 2 /* integers have 64 bits */

/* The buffer, with tables one after the other. */
struct tables {
	uint8_t *buf;
	size_t size;
	size_t used;
	uint64_t gpa;
};

/* The place for a table of this size, NULL if there is none. */
static void *add_table(struct tables *tables, size_t size)
{
	size_t at = align_up(tables->used, TABLE_ALIGNMENT);

	if (at > tables->size || size > tables->size - at)
		return NULL;
	tables->used = at + size;
	return tables->buf + at;
}

static uint64_t gpa_of(const struct tables *tables, const void *table)
{
	return tables->gpa + (uint64_t)((const uint8_t *)table - tables->buf);
}

/* Fills in the header of a table whose body is complete. */
static void finish_table(struct table_header *header, const char *signature, uint8_t revision,
			 size_t length)
{
	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = (uint32_t)length;
	header->revision = revision;
	memcpy(header->oem_id, OEM_ID, sizeof(header->oem_id));
	memcpy(header->oem_table_id, OEM_TABLE_ID, sizeof(header->oem_table_id));
	header->oem_revision = OEM_REVISION;
	memcpy(header->creator_id, CREATOR_ID, sizeof(header->creator_id));
	header->creator_revision = CREATOR_REVISION;
	header->checksum = 0;
	header->checksum = checksum(header, length);
}

/* \_S5: what to write to SLEEP_CONTROL to power off (ACPI 6.4, 7.4.2). */
static void describe_power_off(struct aml *aml)
{
	size_t package;

	aml_name(aml, "_S5_");
	package = aml_open_package(aml, 4);
	aml_integer(aml, SNUG_SLEEP_TYPE_S5);
	aml_integer(aml, SNUG_SLEEP_TYPE_S5);
	aml_integer(aml, 0);
	aml_integer(aml, 0);
	aml_close(aml, package);
}

/* LNRO0005 is the _HID that Linux's virtio_mmio driver takes. */
static void describe_virtio_device(struct aml *aml, unsigned i)
{
	char name[sizeof("V000")];
	size_t device;

	(void)snprintf(name, sizeof(name), "V%03X", i & 0xfff);
	device = aml_open_device(aml, name);
	aml_name(aml, "_HID");
	aml_string(aml, "LNRO0005");
	aml_name(aml, "_UID");
	aml_integer(aml, i);
	aml_name(aml, "_CRS");
	aml_mmio_resources(aml, (uint32_t)(LAYOUT_VIRTIO_MMIO + i * LAYOUT_VIRTIO_MMIO_SIZE),
			   LAYOUT_VIRTIO_MMIO_SIZE, LAYOUT_IOAPIC_GSI + LAYOUT_VIRTIO_PIN + i);
	aml_close(aml, device);
}

static struct table_header *add_dsdt(struct tables *tables, const struct platform *platform)
{
	struct table_header *header = add_table(tables, sizeof(*header));
	struct aml aml;
	size_t scope;

	if (!header)
		return NULL;
	aml = (struct aml){.buf = (uint8_t *)(header + 1), .size = tables->size - tables->used};
	describe_power_off(&aml);
	scope = aml_open_scope(&aml, "_SB_");
	for (unsigned i = 0; i < platform->virtio_devices; i++)
		describe_virtio_device(&aml, i);
	aml_close(&aml, scope);
	if (aml.failed)
		return NULL;
	tables->used += aml.used;
	finish_table(header, "DSDT", DSDT_REVISION, sizeof(*header) + aml.used);
	return header;
}

static struct madt *add_madt(struct tables *tables, const struct platform *platform)
{
	size_t length = sizeof(struct madt) + platform->cpus * sizeof(struct madt_lapic) +
			sizeof(struct madt_ioapic);
	struct madt *madt = add_table(tables, length);
	struct madt_lapic *lapic;
	struct madt_ioapic *ioapic;

	if (!madt)
		return NULL;
	madt->lapic_address = LAYOUT_LAPIC;
	lapic = (struct madt_lapic *)(madt + 1);
	for (unsigned id = 0; id < platform->cpus; id++)
		*lapic++ = (struct madt_lapic){
			.type = MADT_LAPIC,
			.length = sizeof(*lapic),
			.processor_uid = (uint8_t)id,
			.apic_id = (uint8_t)id,
			.flags = MADT_LAPIC_ENABLED,
		};
	ioapic = (struct madt_ioapic *)lapic;
	*ioapic = (struct madt_ioapic){
		.type = MADT_IOAPIC,
		.length = sizeof(*ioapic),
		.id = IOAPIC_ID,
		.address = LAYOUT_IOAPIC,
		.gsi_base = LAYOUT_IOAPIC_GSI,
	};
	finish_table(&madt->header, "APIC", MADT_REVISION, length);
	return madt;
}

static struct generic_address port(uint16_t offset)
{
	return (struct generic_address){
		.address_space = SPACE_SYSTEM_IO,
		.bit_width = 8,
		.access_size = ACCESS_BYTE,
		.address = SNUG_PORT_BASE + offset,
	};
}

static struct fadt *add_fadt(struct tables *tables, const struct table_header *dsdt)
{
	struct fadt *fadt = add_table(tables, sizeof(*fadt));

	if (!fadt)
		return NULL;
	fadt->iapc_boot_arch = FADT_NO_VGA | FADT_NO_CMOS_RTC;
	fadt->flags = FADT_WBINVD | FADT_PWR_BUTTON | FADT_SLP_BUTTON | FADT_RESET_REG_SUP |
		      FADT_HW_REDUCED;
	fadt->reset_reg = port(SNUG_PORT_RESET);
	fadt->reset_value = SNUG_RESET_VALUE;
	fadt->minor_version = FADT_MINOR_VERSION;
	fadt->x_dsdt = gpa_of(tables, dsdt);
	fadt->sleep_control_reg = port(SNUG_PORT_SLEEP_CONTROL);
	fadt->sleep_status_reg = port(SNUG_PORT_SLEEP_STATUS);
	finish_table(&fadt->header, "FACP", FADT_REVISION, sizeof(*fadt));
	return fadt;
}

static void fill_rsdp(struct rsdp *rsdp, uint64_t xsdt_gpa)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, OEM_ID, sizeof(rsdp->oem_id));
	rsdp->revision = RSDP_REVISION;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt_address = xsdt_gpa;
	rsdp->checksum = checksum(rsdp, offsetof(struct rsdp, length));
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
}

int acpi_build(void *buf, size_t size, uint64_t gpa, const struct platform *platform)
{
	struct tables tables = {.buf = buf, .size = size, .gpa = gpa};
	struct rsdp *rsdp = add_table(&tables, sizeof(*rsdp));
	struct xsdt *xsdt = add_table(&tables, sizeof(*xsdt));
	struct table_header *dsdt = add_dsdt(&tables, platform);
	struct madt *madt = add_madt(&tables, platform);
	struct fadt *fadt;

	if (!rsdp || !xsdt || !dsdt || !madt)
		return -ENOSPC;
	fadt = add_fadt(&tables, dsdt);
	if (!fadt)
		return -ENOSPC;
	xsdt->fadt = gpa_of(&tables, fadt);
	xsdt->madt = gpa_of(&tables, madt);
	finish_table(&xsdt->header, "XSDT", XSDT_REVISION, sizeof(*xsdt));
	fill_rsdp(rsdp, gpa_of(&tables, xsdt));
	return (int)tables.used;
}
