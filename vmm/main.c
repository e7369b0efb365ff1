/* SPDX-License-Identifier: Apache-2.0 */
/* snug-monitor: one VM, from open descriptors to an exit status. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "boot/kernel_image.h"
#include "boot/load.h"
#include "core/exit_code.h"
#include "core/log.h"
#include "core/util.h"
#include "vmm/config.h"
#include "vmm/event_loop.h"
#include "vmm/exit_status.h"
#include "vmm/machine.h"
#include "vmm/relro.h"
#include "vmm/tty.h"

/* The kernel: the bzImage's header, and the unpacked one if there is. */
struct kernel {
	struct kernel_image image;
	struct vmlinux vmlinux;
};

static int read_kernel(const struct config *config, struct kernel *kernel)
{
	const char *why;
	int r = kernel_image_read(config->kernel_fd, &kernel->image, &why);

	if (r < 0) {
		log_error("%s: %s", config->kernel_name, why);
		return r;
	}
	r = config->vmlinux_fd < 0 ? 0 : vmlinux_read(config->vmlinux_fd, &kernel->vmlinux, &why);
	if (r < 0)
		log_error("%s, unpacked, %s", config->kernel_name, why);
	return r;
}

/* Everything that can be refused before a VM exists. */
static int check_kernel(const struct config *config, struct kernel *kernel)
{
	uint64_t low = min_u64(config->memory, LAYOUT_LOW_RAM_END);
	uint64_t initrd_size;
	const char *why;
	uint64_t need;
	int r = read_kernel(config, kernel);

	if (r < 0)
		return r;
	r = boot_initrd_size(config->initrd_fds, config->initrd_count, &initrd_size, &why);
	if (r < 0) {
		log_error("%s: %s", why, strerror(-r));
		return r;
	}
	r = boot_fits(&kernel->image, initrd_size, low, &need);
	if (r < 0 && need == 0)
		log_error("the initrd is larger than %s takes", config->kernel_name);
	else if (r < 0)
		log_error("%s needs at least %llu MiB of memory, -m gave it %llu MiB",
			  config->kernel_name, (unsigned long long)(need >> 20),
			  (unsigned long long)(config->memory >> 20));
	return r;
}

/* The guest runs: from raw terminal to restored one. */
static int run(struct machine *machine, const struct config *config)
{
	struct tty tty;
	int signal_fd = event_loop_signals(config->tty);
	int r;

	if (signal_fd < 0) {
		log_error("cannot receive signals: %s", strerror(-signal_fd));
		return signal_fd;
	}
	if (config->tty) {
		r = tty_make_raw(&tty, STDIN_FILENO, &machine->confine);
		if (r < 0) {
			log_error("cannot set the terminal to raw mode: %s", strerror(-r));
			return r;
		}
	}
	r = machine_start(machine);
	if (r == 0) {
		event_loop_run(machine, signal_fd, config->tty ? &tty : NULL, config->timeout_ms);
		timeline_stage(machine->timeline, "end: output, what the kernel said");
	}
	if (config->tty)
		tty_restore(&tty);
	if (machine->console)
		virtio_console_report(machine->console);
	(void)close(signal_fd);
	return r;
}

/*
 * Of /proc, what is this process's own: the one thing that it opens by a name, where its label keeps it from
 * being given that (label/request.h). Beneath /proc/self/fd there is no such name.
 */
static void find_descriptors(const struct config *config)
{
	if (config->proc_fd < 0)
		return;
	const int fd = openat(config->proc_fd, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return; /* what it is will be seen when there are shares */
	(void)dup3(fd, config->proc_fd, O_CLOEXEC);
	(void)close(fd);
}

static int run_machine(struct machine *machine, const struct config *config)
{
	struct kernel kernel;
	int status;

	if (machine_init(machine, config) < 0 ||
	    confine_process(&machine->confine, config, machine->timeline) < 0 ||
	    check_kernel(config, &kernel) < 0 || machine_build(machine, config) < 0 ||
	    machine_load(machine, config, &kernel.image, &kernel.vmlinux) < 0 ||
	    run(machine, config) < 0)
		return EXIT_SNUG_FAILED;
	status = exit_status_report(&machine->end, &machine->klog, config->memory);
	if (config->result_fd >= 0)
		exit_status_tell(&machine->end, &machine->klog, config->result_fd);
	timeline_stage(machine->timeline, "end: status");
	return status;
}

int main(int argc, char **argv)
{
	static struct machine machine;
	struct config config;
	const int r = relro_protect();
	int status;

	if (r < 0)
		log_warning("tables stay writable: %s", strerror(-r));
	if (config_parse(&config, argc, argv) < 0)
		return EXIT_SNUG_FAILED;
	log_set_verbose(config.verbose);
	find_descriptors(&config);
	status = run_machine(&machine, &config);
	timeline_write(machine.timeline);
	return status;
}
