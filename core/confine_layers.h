/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of the monitor's confinement by name: what --no-confine takes, in both programs. */
#ifndef CORE_CONFINE_LAYERS_H
#define CORE_CONFINE_LAYERS_H

enum confine_layer {
	CONFINE_LIMITS,
	CONFINE_CAPS,
	CONFINE_LANDLOCK,
	CONFINE_SECCOMP,
	CONFINE_LAYERS,
};

/* For people, and for the parser: all of them. */
#define CONFINE_LAYER_LIST "limits, caps, landlock or seccomp"

const char *confine_layer_name(enum confine_layer layer);

/*
 * Adds the layers of "LAYER[,LAYER...]" to *layers, a bit for each (1U << CONFINE_LIMITS). 0, or -EINVAL:
 * one is no layer, or empty; then *layers is unchanged.
 */
int confine_layers_parse(const char *list, unsigned int *layers);

#endif
