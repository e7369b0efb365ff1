/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interrupt line as a device sees it: raise() is one edge. Any thread may call it.
 *
 * settle() comes before: what the guest has written until now takes effect (vmm/deferred.h), so that an
 * acknowledgement of the interrupt before does not take this one for its own.
 */
#ifndef VMM_IRQ_H
#define VMM_IRQ_H

struct irq_line {
	void (*settle)(void *chip); /* NULL: it always has */
	void (*raise)(void *chip, unsigned pin);
	void *chip;
	unsigned pin;
};

static inline void irq_settle(const struct irq_line *line)
{
	if (line->settle)
		line->settle(line->chip);
}

static inline void irq_raise(const struct irq_line *line)
{
	line->raise(line->chip, line->pin);
}

#endif
