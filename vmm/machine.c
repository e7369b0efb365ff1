/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/abi.h"
#include "core/log.h"
#include "vmm/early_console.h"
#include "vmm/legacy_ports.h"

/*
 * What Linux spends on each file of a share it remembers: a directory entry, an inode and a fid. A guest
 * cannot have more of them than fit its memory, and what the monitor remembers of them stays below half.
 */
#define MEMORY_PER_FILE 1024

int machine_init(struct machine *m, const struct config *config)
{
	int r;

	memset(m, 0, sizeof(*m));
	m->vm.fd = -1;
	m->end.wake_fd = -1;
	if (config->timeline_fd >= 0) {
		m->timeline = timeline_new(config->timeline_fd);
		if (!m->timeline)
			return -ENOMEM;
	}
	timeline_stage(m->timeline, "monitor: exec");
	r = klog_init(&m->klog, config->verbose);
	if (r == 0)
		r = run_end_init(&m->end);
	if (r < 0)
		log_error("cannot start the monitor: %s", strerror(-r));
	return r;
}

/* What KVM refuses, in words: these are the errors a user can do something about. */
static int kvm_failed(const char *what, int error)
{
	const char *hint = "";

	if (error == -ENOMEM)
		hint = " (less memory may help: -m)";
	else if (error == -ENOTTY || error == -EINVAL)
		hint = " (this host's KVM lacks something snug needs: Linux 5.11 or newer has it)";
	log_error("cannot make the VM: %s: %s%s (snug doctor: %s)", what, strerror(-error), hint,
		  error == -ENOMEM ? "memory limits" : "kvm");
	return error;
}

static int build_processors(struct machine *m, const struct config *config)
{
	static union cpuid cpuid;
	const char *what = "KVM_GET_SUPPORTED_CPUID";
	int r = cpuid_get_supported(&cpuid, config->kvm_fd);

	timeline_stage(m->timeline, "monitor: KVM_GET_SUPPORTED_CPUID");
	for (unsigned id = 0; id < config->cpus && r == 0; id++) {
		struct vcpu *vcpu = &m->vcpus[id];

		*vcpu = (struct vcpu){.id = id,
				      .mmio = &m->mmio,
				      .ports = &m->ports,
				      .end = &m->end,
				      .deferred = &m->deferred,
				      .confine = &m->confine,
				      .timeline = m->timeline};
		cpuid_for_vcpu(&cpuid, id, config->cpus);
		r = vcpu_create(vcpu, &m->vm, &cpuid, &what);
		m->vcpu_count++;
	}
	if (r < 0)
		return kvm_failed(what, r);
	if (config->cpus > 1)
		timeline_stage(m->timeline, "monitor: the other processors");
	deferred_init(&m->deferred, m->vm.fd, m->vcpus[0].run, m->vcpus[0].run_size, &m->mmio,
		      &m->ports);
	return 0;
}

/* The interrupt line of the virtio device that is added next. */
static struct irq_line next_irq(struct machine *m)
{
	return (struct irq_line){.settle = ioapic_settle,
				 .raise = ioapic_raise,
				 .chip = &m->ioapic,
				 .pin = LAYOUT_VIRTIO_PIN + m->virtio_count};
}

static int add_virtio(struct machine *m, struct virtio_device *dev)
{
	struct virtio_mmio *mmio = &m->virtio[m->virtio_count];
	uint64_t offset = m->virtio_count * LAYOUT_VIRTIO_MMIO_SIZE;
	uint64_t gpa = LAYOUT_VIRTIO_MMIO + offset;

	virtio_mmio_init(mmio, dev, m->vm.registers ? m->vm.registers + offset : NULL);
	m->virtio_count++;
	return bus_add(&m->mmio, gpa, LAYOUT_VIRTIO_MMIO_SIZE, &virtio_mmio_bus_ops, mmio);
}

static int add_console(struct machine *m)
{
	struct virtio_console_host host = {
		.stdin_fd = STDIN_FILENO, .stdout_fd = STDOUT_FILENO, .stderr_fd = STDERR_FILENO};
	int r = virtio_console_new(&m->console, &host, &m->vm.mem, next_irq(m));

	return r < 0 ? r : add_virtio(m, virtio_console_device(m->console));
}

static int add_share(struct machine *m, const struct config *config,
		     const struct config_share *share)
{
	struct p9_share p9_share = {
		.exports = share->exports,
		.export_count = share->export_count,
		.proc_fd = config->proc_fd,
		.hides = m->hides,
		.servers = config->share_count,
		.max_files = m->vm.mem.size / MEMORY_PER_FILE / config->share_count,
	};
	struct virtio_p9 **p9 = &m->shares[m->share_count];
	int r = virtio_p9_new(p9, &p9_share, share->tag, share->tag_len, &m->vm.mem, next_irq(m));

	if (r < 0)
		return r;
	for (unsigned i = 0; i < share->export_count; i++)
		m->writable[m->share_count] |= share->exports[i].writable;
	m->share_count++;
	return add_virtio(m, virtio_p9_device(*p9));
}

static int add_shares(struct machine *m, const struct config *config)
{
	bool writable = false;
	int r = 0;

	for (unsigned i = 0; i < config->export_count; i++)
		writable |= config->exports[i].writable;
	if (config->hide_count)
		r = p9_hides_new(&m->hides, config->hides, config->hide_count, writable);
	for (unsigned i = 0; i < config->share_count && r == 0; i++)
		r = add_share(m, config, &config->shares[i]);
	/* Closing one again would do no harm, as nothing is opened. */
	for (unsigned i = 0; i < config->hide_count; i++) {
		if (i == 0 || config->hides[i].dir_fd != config->hides[i - 1].dir_fd)
			(void)close(config->hides[i].dir_fd);
	}
	return r;
}

/* The devices every machine has. Ranges are constants that do not overlap: failure is a bug here. */
static int add_platform(struct machine *m, unsigned virtio_devices)
{
	int r;

	ioapic_init(&m->ioapic, LAYOUT_VIRTIO_PIN + virtio_devices, vm_deliver_message, &m->vm);
	m->ioapic.deferred = &m->deferred;
	m->ioapic.quiet = run_end_stopping;
	m->ioapic.quiet_ctx = &m->end;
	m->poweroff = (struct poweroff){.end = &m->end, .timeline = m->timeline, .mem = &m->vm.mem};
	r = bus_add(&m->mmio, LAYOUT_IOAPIC, LAYOUT_IOAPIC_SIZE, &ioapic_bus_ops, &m->ioapic);
	if (r == 0)
		r = bus_add(&m->ports, SNUG_PORT_BASE, SNUG_PORT_SIZE, &poweroff_bus_ops,
			    &m->poweroff);
	if (r == 0)
		r = bus_add(&m->ports, LEGACY_PORTS, LEGACY_PORTS_SIZE, &legacy_ports_bus_ops,
			    NULL);
	if (r == 0)
		r = bus_add(&m->ports, SNUG_PORT_EARLY_CONSOLE, SNUG_PORT_EARLY_CONSOLE_SIZE,
			    &early_console_bus_ops, &m->klog);
	return r;
}

static int build_devices(struct machine *m, const struct config *config)
{
	const char *what = "platform";
	int r = add_platform(m, config->console + config->share_count);

	if (r == 0 && config->console) {
		what = "console";
		r = add_console(m);
	}
	if (r == 0) {
		what = "9p shares";
		r = add_shares(m, config);
	}
	if (r == -ENOTSUP)
		log_error("a file system of the host's kernel, as /proc, /sys and /dev are, cannot "
			  "be "
			  "shared");
	else if (r < 0)
		log_error("cannot make the VM's devices: %s: %s", what, strerror(-r));
	return r;
}

int machine_build(struct machine *m, const struct config *config)
{
	const char *what;
	int r = vm_create(&m->vm, config->kvm_fd, config->memory,
			  config->console + config->share_count, m->timeline, &what);

	if (r < 0)
		return kvm_failed(what, r);
	r = build_processors(m, config);
	if (r == 0)
		r = build_devices(m, config);
	timeline_stage(m->timeline, "monitor: devices");
	return r;
}

static void loaded(void *timeline, const char *what)
{
	timeline_stage(timeline, what);
}

int machine_load(struct machine *m, const struct config *config, const struct kernel_image *image,
		 const struct vmlinux *vmlinux)
{
	struct boot_random random;
	struct boot_request request = {
		.image = image,
		.kernel_fd = config->kernel_fd,
		.vmlinux = config->vmlinux_fd >= 0 ? vmlinux : NULL,
		.vmlinux_fd = config->vmlinux_fd,
		.kaslr = !config->no_kaslr,
		.random = &random,
		.initrd_fds = config->initrd_fds,
		.initrd_count = config->initrd_count,
		.cmdline = config->cmdline,
		.platform = {.cpus = m->vcpu_count, .virtio_devices = m->virtio_count},
		.passed = loaded,
		.passed_ctx = m->timeline,
	};
	struct boot_ram ram = {
		.low = m->vm.mem.regions[0].host,
		.low_size = m->vm.mem.regions[0].size,
		.high_size = m->vm.mem.count > 1 ? m->vm.mem.regions[1].size : 0,
	};
	struct boot_entry entry;
	const char *what;
	int r = getrandom(&random, sizeof(random), 0) == sizeof(random) ? 0 : -EAGAIN;

	if (r < 0) {
		log_error("the host has no random numbers");
		return r;
	}
	r = boot_load(&request, &ram, &entry, &what);
	explicit_bzero(&random, sizeof(random));
	if (r < 0) {
		log_error("cannot load %s: %s: %s", config->kernel_name, what, strerror(-r));
		return r;
	}
	r = vcpu_set_entry(&m->vcpus[0], &entry, &what);
	if (r < 0)
		return kvm_failed(what, r);
	timeline_stage(m->timeline, "monitor: processor state");
	return 0;
}

static int enter_reader(void *confine)
{
	return confine_enter(confine, CONFINE_READER);
}

static int enter_writer(void *confine)
{
	return confine_enter(confine, CONFINE_WRITER);
}

int machine_start(struct machine *m)
{
	int r = 0;

	for (unsigned i = 0; i < m->share_count && r == 0; i++)
		r = virtio_p9_start(m->shares[i], m->writable[i] ? enter_writer : enter_reader,
				    &m->confine);
	for (unsigned i = m->vcpu_count; i > 0 && r == 0; i--)
		r = vcpu_start(&m->vcpus[i - 1]);
	if (r < 0) {
		log_error("cannot start the VM's threads: %s", strerror(-r));
		return r;
	}
	return confine_open(&m->confine, m->share_count + m->vcpu_count);
}

void machine_look(struct machine *m)
{
	vcpu_look(&m->vcpus[0]);
}

void machine_stop(struct machine *m)
{
	/* All of them first: then they come out at the same time. */
	for (unsigned i = 0; i < m->vcpu_count; i++)
		vcpu_kick(&m->vcpus[i]);
	for (unsigned i = 0; i < m->vcpu_count; i++)
		vcpu_join(&m->vcpus[i]);
	/* The last words of a guest that was ended. */
	deferred_settle(&m->deferred);
}
