/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interrupt line as a device sees it: raise() is one edge. Any thread may call it.
 */
#ifndef VMM_IRQ_H
#define VMM_IRQ_H

struct irq_line {
	void (*raise)(void *chip, unsigned pin);
	void *chip;
	unsigned pin;
};

static inline void irq_raise(const struct irq_line *line)
{
	line->raise(line->chip, line->pin);
}

#endif
