/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMM_CONFINE_FILTERS_SELF_H
#define VMM_CONFINE_FILTERS_SELF_H

/* Stands in a filter for the process's own id, which is known when it is installed. More than any id. */
#define FILTER_SELF 0x7e57ab1eU

#endif
