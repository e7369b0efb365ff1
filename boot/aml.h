/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes ACPI Machine Language (ACPI 6.4, chapter 20): the few terms that describe a fixed machine.
 *
 * Failure sticks: once a term does not fit, nothing more is written and aml.failed stays set, so that
 * a caller describes the whole machine and asks once. Names are exactly four characters ("V000").
 *
 * Terms that contain others are opened and closed; the package length goes in when they are closed:
 *
 *	size_t scope = aml_open_scope(aml, "_SB_");
 *	... terms ...
 *	aml_close(aml, scope);
 */
#ifndef BOOT_AML_H
#define BOOT_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aml {
	uint8_t *buf;
	size_t size; /* of buf */
	size_t used;
	bool failed;
};

/* Scope (\NAME): from the root of the name space. */
size_t aml_open_scope(struct aml *aml, const char *name);
size_t aml_open_device(struct aml *aml, const char *name);
/* Name (NAME, ...): the term written next is the value. */
void aml_name(struct aml *aml, const char *name);
/* Package (elements) {...}: the terms until aml_close() are the elements. */
size_t aml_open_package(struct aml *aml, uint8_t elements);
void aml_close(struct aml *aml, size_t opened);

void aml_integer(struct aml *aml, uint32_t value);
void aml_string(struct aml *aml, const char *text);

/* ResourceTemplate () {Memory32Fixed (ReadWrite, ...), Interrupt (edge, active high, exclusive)} */
void aml_mmio_resources(struct aml *aml, uint32_t base, uint32_t size, uint32_t gsi);

#endif
