/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_INIT_NETWORK_H
#define GUEST_INIT_NETWORK_H

/*
 * Brings the loopback interface up, the one network that every command may expect: the kernel gives
 * it 127.0.0.1 and ::1 by itself. A kernel without networking is fine. 0 or -errno, said.
 */
int network_start(void);

#endif
