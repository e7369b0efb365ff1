/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair of categories is its run's as long as a process of the run has a socket of that name: in the abstract
 * namespace, where the kernel lets one process have a name, and takes it back when that is gone, however it
 * ended. No daemon, no file that another user could plant, remove or leave behind. Nobody can connect: it
 * does not listen. The names are those of a network namespace: runs of different ones do not see each other's.
 */
#ifndef LABEL_RESERVATION_H
#define LABEL_RESERVATION_H

#include "label/draw.h"

/* A pair_reserve. The descriptor is closed on exec. */
int reservation_take(const struct pair *pair);

#endif
