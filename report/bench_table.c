/* SPDX-License-Identifier: Apache-2.0 */
#include "report/bench_table.h"

#include <string.h>

#include "core/util.h"
#include "launcher/shell_quote.h"

#define LABEL_WIDTH 30
#define STAGE_WIDTH 28

/* At most width bytes of it, and nothing that drives a terminal; padded. */
static void print_clipped(const char *text, size_t width, FILE *out)
{
	const size_t len = strlen(text);
	const size_t shown = len > width ? width - 2 : len;

	for (size_t i = 0; i < shown; i++) {
		const unsigned char c = (unsigned char)text[i];
		(void)fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
	(void)fprintf(out, "%s%*s", len > width ? ".." : "", len > width ? 0 : (int)(width - len),
		      "");
}

static const char *known(const char *text)
{
	return text[0] ? text : "not known";
}

static double gib(uint64_t bytes)
{
	return (double)bytes / (double)GIB(1);
}

/* --- what was measured, and where ------------------------------------------------------------------- */

static void print_words(char *const *word, FILE *out)
{
	for (; word && *word; word++) {
		(void)fputc(' ', out);
		shell_quote(*word, out);
	}
}

static void print_host(const struct manifest *host, FILE *out)
{
	(void)fprintf(out, "host     Linux %s\n", host->host_kernel);
	(void)fprintf(out, "cpu      %s; %u on line, governor %s, ", known(host->cpu), host->cpus,
		      known(host->governor));
	if (host->has_load)
		(void)fprintf(out, "load %.2f%s\n", host->load,
			      manifest_is_busy(host) ? " (busy: times are not to be trusted)" : "");
	else
		(void)fprintf(out, "load not known\n");
	(void)fprintf(out, "memory   %.1f GiB, %.1f GiB available; transparent huge pages: %s\n",
		      gib(host->memory), gib(host->memory_available), known(host->thp));
	(void)fprintf(out, "kvm      %s%s%s\n", host->kvm[0] ? host->kvm : "no module",
		      host->is_pvm ? ", a PVM variant" : "",
		      host->is_guest ? ", nested: this host is a virtual machine itself" : "");
}

static void print_variant(const struct bench *bench, size_t index, FILE *out)
{
	const struct bench_variant *variant = &bench->args->variants[index];

	(void)fprintf(out, "variant  ");
	print_clipped(variant->label, LABEL_WIDTH, out);
	(void)fprintf(out, "  ");
	shell_quote(variant->snug, out);
	(void)fprintf(out, " run");
	print_words(variant->options.items, out);
	(void)fprintf(out, "\n         %*s  version %s", LABEL_WIDTH, "",
		      known(bench->snugs[index].version));
	if (variant->kernel) {
		(void)fprintf(out, ", kernel ");
		shell_quote(variant->kernel, out);
	}
	(void)fputc('\n', out);
}

static void print_cache(const struct bench *bench, FILE *out)
{
	if (bench->dropped_any)
		(void)fprintf(
			out,
			"cold     before each run: posix_fadvise(DONTNEED) for up to %zu files%s\n",
			bench->dropped.files,
			bench->dropped.all
				? ", and drop_caches: all that was not in use"
				: "; no drop_caches, which takes root: libraries, directories "
				  "and\n         the like may have stayed in memory");
	if (bench->dropped_any && bench->args->cache_count > 1)
		(void)fprintf(out,
			      "         a run of another kind is warmed up by one before it that "
			      "does not count\n");
	if (bench_has_cache(bench, BENCH_EMPTY))
		(void)fprintf(out, "empty    each run has a new XDG_CACHE_HOME, in a temporary "
				   "directory\n");
}

static void print_head(const struct bench *bench, FILE *out)
{
	const struct bench_args *args = bench->args;

	(void)fprintf(out, "date     %s\n", bench->manifest.date);
	print_host(&bench->manifest, out);
	(void)fprintf(out, "command ");
	print_words(args->argv, out);
	(void)fprintf(out,
		      "\nruns     %u of each variant, after %u that did not count; exit status "
		      "%d\n",
		      args->runs, args->warmup, bench->status);
	for (size_t i = 0; i < args->variant_count; i++)
		print_variant(bench, i, out);
	print_cache(bench, out);
}

/* --- the tables ------------------------------------------------------------------------------------- */

static void print_ms(double ns, FILE *out)
{
	(void)fprintf(out, " %9.2f", ns / 1e6);
}

static const char *verdict(const struct ratio *ratio)
{
	if (!ratio->has_interval || (ratio->low <= 1 && ratio->high >= 1))
		return "";
	return ratio->high < 1 ? "  faster" : "  slower";
}

static void print_arm(const struct bench_arm *arm, bool is_first, FILE *out)
{
	const struct summary *summary = &arm->summary;
	const struct ratio *ratio = &arm->ratio;

	print_clipped(arm->label, LABEL_WIDTH, out);
	(void)fprintf(out, " %5zu", summary->n);
	print_ms((double)summary->min, out);
	print_ms((double)summary->p50, out);
	if (summary->p90)
		print_ms((double)summary->p90, out);
	if (summary->p99)
		print_ms((double)summary->p99, out);
	print_ms((double)summary->max, out);
	print_ms(summary->mean, out);
	if (!is_first)
		(void)fprintf(out, "  %.3f", ratio->ratio);
	if (!is_first && ratio->has_interval)
		(void)fprintf(out, " [%.3f, %.3f]%s", ratio->low, ratio->high, verdict(ratio));
	(void)fputc('\n', out);
}

static void print_times(const struct bench *bench, FILE *out)
{
	const size_t n = bench->args->runs;

	(void)fprintf(out, "\n%-*s %5s %9s %9s", LABEL_WIDTH, "ms", "n", "min", "p50");
	if (n >= STATS_P90_MIN)
		(void)fprintf(out, " %9s", "p90");
	if (n >= STATS_P99_MIN)
		(void)fprintf(out, " %9s", "p99");
	(void)fprintf(out, " %9s %9s%s\n", "max", "mean", bench->arm_count > 1 ? "  ratio" : "");
	for (size_t i = 0; i < bench->arm_count; i++)
		print_arm(&bench->arms[i], i == 0, out);
	if (n < STATS_P99_MIN)
		(void)fprintf(out, "\n%s",
			      n < STATS_P90_MIN ? "no p90 of less than 10 runs, no p99 of less "
						  "than 100\n"
						: "no p99 of less than 100 runs\n");
	else
		(void)fputc('\n', out);
	if (bench->arm_count == 1)
		return;
	if (n < STATS_INTERVAL_MIN)
		(void)fprintf(out,
			      "ratio: of medians, to the first variant; no interval of less than "
			      "%d runs\n",
			      STATS_INTERVAL_MIN);
	else
		(void)fprintf(out,
			      "ratio: of medians, to the first variant, and its 95 %% interval: "
			      "rounds drawn again %d times,\nwith a fixed seed; faster, slower: "
			      "the interval excludes 1\n",
			      STATS_RESAMPLES);
}

static void print_stage(const struct bench *bench, size_t stage, FILE *out)
{
	const struct stage_times *times = &bench->stages.items[stage];
	uint64_t first = 0;
	char name[256];

	(void)snprintf(name, sizeof(name), "%s: %s", times->group, times->name);
	print_clipped(name, STAGE_WIDTH, out);
	for (size_t arm = 0; arm < bench->arm_count; arm++) {
		uint64_t ns = 0;
		const bool any = stage_median(&bench->stages, stage, arm, &ns);

		if (any)
			print_ms((double)ns, out);
		else
			(void)fprintf(out, " %9s", "-");
		if (arm == 0)
			first = ns;
		else
			(void)fprintf(out, " %+9.2f", ((double)ns - (double)first) / 1e6);
	}
	(void)fputc('\n', out);
}

static void print_stages(const struct bench *bench, FILE *out)
{
	(void)fprintf(out, "\n%-*s", STAGE_WIDTH, "stage, p50 in ms");
	for (size_t arm = 0; arm < bench->arm_count; arm++)
		(void)fprintf(out, arm ? "       #%-2zu     +-#1" : "       #%-2zu", arm + 1);
	(void)fputc('\n', out);
	for (size_t i = 0; i < bench->stages.count; i++)
		print_stage(bench, i, out);
	(void)fprintf(out, "\n#1 and so on: the variants, in the order of the table above; +-#1: "
			   "the difference to the first\n");
}

void bench_table_print(const struct bench *bench, FILE *out)
{
	print_head(bench, out);
	print_times(bench, out);
	if (bench->args->stages)
		print_stages(bench, out);
}
