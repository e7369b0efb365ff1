/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/early_console.h"

#include <linux/serial_reg.h>
#include <string.h>

#include "core/abi.h"
#include "vmm/klog.h"

static void early_console_read(void *dev, uint64_t offset, void *data, unsigned len)
{
	(void)dev;
	/* All ones is what a driver that looks for a real UART takes for "none here". */
	memset(data, 0xff, len);
	if (offset == UART_LSR && len == 1)
		*(uint8_t *)data = UART_LSR_THRE | UART_LSR_TEMT;
}

static void early_console_write(void *dev, uint64_t offset, const void *data, unsigned len)
{
	if (offset == UART_TX && len == 1)
		klog_write(dev, data, 1);
}

/* What a driver sets up. Not the characters: they are to be seen when they are written. */
static const struct bus_part can_wait[] = {{UART_IER, SNUG_PORT_EARLY_CONSOLE_SIZE - UART_IER},
					   {0, 0}};

const struct bus_ops early_console_bus_ops = {
	.read = early_console_read, .write = early_console_write, .can_wait = can_wait};
