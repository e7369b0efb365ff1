/* SPDX-License-Identifier: Apache-2.0 */
#include "report/timeline_svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/util.h"
#include "report/timeline_sums.h"

#define WIDTH       1200.0
#define LABELS      330.0 /* on the left of the plot, with the figures */
#define MARGIN      16.0
#define PLOT_LEFT   (MARGIN + LABELS)
#define PLOT_WIDTH  (WIDTH - PLOT_LEFT - MARGIN)
#define ROW         17.0
#define BAR         11.0
#define HEAD        118.0 /* title, the bar of parts and its legend */
#define BAR_MIN     1.5   /* else what is short cannot be seen */
#define TICKS       10    /* about as many */
#define MOST_CALLS  12    /* initcalls that get a row */
#define DETAIL_LESS 0.001 /* of the run: what is shorter gets no row of its own */

static const char *const colours[GROUP_SUMS] = {"#4477aa", "#66ccee", "#ccbb44",
						"#228833", "#ee6677", "#aa3377"};

/* A row of the plot. */
struct row {
	const char *group, *name; /* the first of them may be NULL */
	uint64_t start, end;
	const char *colour;
	bool detail;
};

static double x_of(const struct record *record, uint64_t ns)
{
	return PLOT_LEFT + PLOT_WIDTH * (double)ns / (double)(record->total ? record->total : 1);
}

static void put_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '&')
			(void)fputs("&amp;", out);
		else if (*text == '<')
			(void)fputs("&lt;", out);
		else if (*text == '>')
			(void)fputs("&gt;", out);
		else
			/* XML has no control characters, and a name need not be UTF-8. */
			(void)fputc(*text < ' ' || *text > '~' ? '?' : *text, out);
	}
}

/* Three digits, as far as they mean something. */
static void put_ms(uint64_t ns, FILE *out)
{
	const double ms = (double)ns / 1e6;

	(void)fprintf(out, "%.*f ms", ms >= 100 ? 0 : ms >= 10 ? 1 : ms >= 1 ? 2 : 3, ms);
}

static void print_head(const struct record *record, double height, FILE *out)
{
	(void)fprintf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
		"<text x=\"%.0f\" y=\"26\" font-size=\"16\" font-weight=\"bold\">snug run -- ",
		WIDTH, height, WIDTH, height, MARGIN);
	put_text(record->command ? record->command : "", out);
	(void)fputs(": ", out);
	put_ms(record->total, out);
	(void)fprintf(out, "</text>\n<text x=\"%.0f\" y=\"44\" fill=\"#555555\">", MARGIN);
	put_text(record->kernel ? record->kernel : "", out);
	(void)fputs(record->boot && strcmp(record->boot, "direct") == 0
			    ? ", entered directly"
			    : ", by its own decompressor",
		    out);
	(void)fprintf(out, ", %s MiB</text>\n", record->memory ? record->memory : "?");
}

/* The whole run as one bar, and what is what. */
static void print_parts(const struct record *record, FILE *out)
{
	const double width = WIDTH - 2 * MARGIN;
	struct group_sum sums[GROUP_SUMS];
	double at = MARGIN, legend = MARGIN;

	timeline_sum_groups(record, sums);
	for (unsigned i = 0; i < GROUP_SUMS; i++) {
		const double part =
			width * (double)sums[i].ns / (double)(record->total ? record->total : 1);

		(void)fprintf(
			out,
			"<rect x=\"%.2f\" y=\"54\" width=\"%.2f\" height=\"22\" fill=\"%s\"/>\n"
			"<rect x=\"%.0f\" y=\"86\" width=\"11\" height=\"11\" fill=\"%s\"/>\n"
			"<text x=\"%.0f\" y=\"96\">%s ",
			at, part, colours[i], legend, colours[i], legend + 16, sums[i].name);
		put_ms(sums[i].ns, out);
		(void)fprintf(out, " (%.1f %%)</text>\n",
			      100.0 * (double)sums[i].ns /
				      (double)(record->total ? record->total : 1));
		at += part;
		legend += width / GROUP_SUMS;
	}
}

/* 1, 2 or 5 times a power of ten. */
static double tick_step(double total_ms)
{
	const double rough = total_ms / TICKS, power = pow(10, floor(log10(rough)));

	return rough / power < 2 ? 2 * power : rough / power < 5 ? 5 * power : 10 * power;
}

static void print_axis(const struct record *record, double bottom, FILE *out)
{
	const double total = (double)record->total / 1e6;
	const double step = total > 0 ? tick_step(total) : 1;

	for (double at = 0; at <= total; at += step) {
		const double x = x_of(record, (uint64_t)(at * 1e6));

		(void)fprintf(out,
			      "<line x1=\"%.2f\" y1=\"%.0f\" x2=\"%.2f\" y2=\"%.0f\" "
			      "stroke=\"#dddddd\"/>\n<text x=\"%.2f\" y=\"%.0f\" font-size=\"10\" "
			      "fill=\"#555555\" text-anchor=\"middle\">%g</text>\n",
			      x, HEAD, x, bottom, x, bottom + 12, at);
	}
}

static void print_row(const struct record *record, const struct row *row, double y, FILE *out)
{
	const double x = x_of(record, row->start);
	double width = x_of(record, row->end) - x;

	if (width < BAR_MIN)
		width = BAR_MIN;
	(void)fprintf(out, "<text x=\"%.0f\" y=\"%.1f\"%s>", MARGIN + (row->detail ? 14 : 0),
		      y + BAR - 1, row->detail ? " fill=\"#777777\" font-size=\"11\"" : "");
	if (row->group) {
		put_text(row->group, out);
		(void)fputs(": ", out);
	}
	put_text(row->name, out);
	(void)fprintf(out, "</text>\n<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\"%s>",
		      PLOT_LEFT - 8, y + BAR - 1,
		      row->detail ? " fill=\"#777777\" font-size=\"11\"" : "");
	put_ms(row->end - row->start, out);
	(void)fprintf(out,
		      "</text>\n<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.0f\" "
		      "fill=\"%s\"%s/>\n",
		      x, y + (row->detail ? 2 : 0), width, row->detail ? BAR - 4 : BAR, row->colour,
		      row->detail ? " opacity=\"0.6\"" : "");
}

static int by_end(const void *a, const void *b)
{
	const struct record_initcall *const *x = a, *const *y = b;

	return ((*x)->end > (*y)->end) - ((*x)->end < (*y)->end);
}

static size_t add_details(const struct record *record, const struct record_stage *stage,
			  struct row *rows)
{
	const uint64_t least = (uint64_t)((double)record->total * DETAIL_LESS);
	const char *colour = colours[timeline_group(stage)];
	const struct record_initcall *calls[MOST_CALLS];
	const size_t count = timeline_slowest_initcalls(record, calls, MOST_CALLS);
	size_t n = 0;

	qsort(calls, count, sizeof(*calls), by_end);
	for (size_t i = 0; i < record->detail_count; i++) {
		const struct record_detail *d = &record->details[i];

		if (d->start >= stage->start && d->start < stage->end && d->end - d->start >= least)
			rows[n++] =
				(struct row){strcmp(d->what, "kernel") == 0 ? "meanwhile" : d->what,
					     d->name,
					     d->start,
					     d->end,
					     colour,
					     true};
	}
	for (size_t i = 0; i < count; i++) {
		const struct record_initcall *c = calls[i];
		const uint64_t start = c->end - c->ns;

		if (start >= stage->start && start < stage->end)
			rows[n++] = (struct row){"initcall", c->name, start, c->end, colour, true};
	}
	return n;
}

static size_t make_rows(const struct record *record, struct row *rows)
{
	size_t n = 0;

	/* The first has no length: it is where time starts. */
	for (size_t i = 1; i < record->stage_count; i++) {
		const struct record_stage *s = &record->stages[i];

		rows[n++] = (struct row){
			s->group, s->name, s->start, s->end, colours[timeline_group(s)], false};
		n += add_details(record, s, rows + n);
	}
	return n;
}

static void print_points(const struct record *record, double bottom, FILE *out)
{
	for (size_t i = 0; i < record->point_count; i++) {
		const double x = x_of(record, record->points[i].at);

		(void)fprintf(out,
			      "<line x1=\"%.2f\" y1=\"%.0f\" x2=\"%.2f\" y2=\"%.0f\" "
			      "stroke=\"#333333\" stroke-dasharray=\"3 3\"/>\n<text x=\"%.2f\" "
			      "y=\"%.0f\" font-size=\"11\" text-anchor=\"end\">",
			      x, HEAD, x, bottom, x - 4, HEAD + 10);
		put_text(record->points[i].name, out);
		(void)fputs("</text>\n", out);
	}
}

void timeline_svg_print(const struct record *record, FILE *out)
{
	_cleanup_free_ struct row *rows =
		calloc(record->stage_count + record->detail_count + MOST_CALLS + 1, sizeof(*rows));
	const size_t count = rows ? make_rows(record, rows) : 0;
	const double bottom = HEAD + ROW * (double)count + 6;

	print_head(record, bottom + 28, out);
	print_parts(record, out);
	print_axis(record, bottom, out);
	for (size_t i = 0; i < count; i++)
		print_row(record, &rows[i], HEAD + 4 + ROW * (double)i, out);
	print_points(record, bottom, out);
	(void)fprintf(out,
		      "<text x=\"%.0f\" y=\"%.0f\" font-size=\"10\" fill=\"#555555\">ms since the "
		      "launcher's main()</text>\n</svg>",
		      MARGIN, bottom + 12);
}
