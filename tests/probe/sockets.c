/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "probe.h"

static int unix_stream(void)
{
	int pair[2], number = 7;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec data = {&number, sizeof(number)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	memcpy(CMSG_DATA(&control.header), &pair[0], sizeof(int));
	if (sendmsg(pair[0], &message, 0) < 0 || recvmsg(pair[1], &message, 0) < 0 ||
	    getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -errno;
	return expect(message.msg_controllen > 0 && peer.pid > 0);
}

static int connect_and_talk(int type, const void *address, socklen_t len)
{
	int family = ((const struct sockaddr *)address)->sa_family;
	int server = socket(family, type, 0), client = socket(family, type, 0);
	struct sockaddr_storage bound;
	socklen_t bound_len = sizeof(bound);
	char data[4];

	if (bind(server, address, len) || getsockname(server, (void *)&bound, &bound_len) ||
	    (type == SOCK_STREAM && listen(server, 1)) ||
	    connect(client, (void *)&bound, bound_len) || send(client, "data", 4, 0) != 4)
		return -errno;
	if (type == SOCK_STREAM)
		server = accept(server, NULL, NULL);
	return result(recv(server, data, 4, 0));
}

static int abstract(void)
{
	struct sockaddr_un address = {AF_UNIX, "\0snug-probe"};

	return connect_and_talk(SOCK_STREAM, &address, sizeof(sa_family_t) + 11);
}

static int tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect_and_talk(SOCK_STREAM, &address, sizeof(address));
}

static int udp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect_and_talk(SOCK_DGRAM, &address, sizeof(address));
}

static int tcp6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	return connect_and_talk(SOCK_STREAM, &address, sizeof(address));
}

static int udp6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	return connect_and_talk(SOCK_DGRAM, &address, sizeof(address));
}

static int options(void)
{
	static struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, 0xffff)};
	struct sock_fprog filter = {1, all};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	return result(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)));
}

/* As mDNS and many a test suite does, on the loopback device. */
static int multicast(void)
{
	struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(0xe00000fb),
				 .imr_ifindex = (int)if_nametoindex("lo")};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)));
}

static int raw(void)
{
	return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int packet(void)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_ALL),
				      .sll_ifindex = (int)if_nametoindex("lo")};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	return result(fd < 0 ? fd : bind(fd, (void *)&address, sizeof(address)));
}

/* What `ip addr` asks. */
static int addresses(void)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg message;
	} request = {{sizeof(request), RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, 0},
		     {.ifa_family = AF_UNSPEC}};
	char answer[8192];
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, answer, sizeof(answer), 0) < 0)
		return -errno;
	return expect(((struct nlmsghdr *)(void *)answer)->nlmsg_type == RTM_NEWADDR);
}

static int device_events(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);

	return result(fd < 0 ? fd : bind(fd, (void *)&address, sizeof(address)));
}

const struct probe socket_probes[] = {
	{"AF_UNIX: descriptors, credentials", unix_stream, false},
	{"AF_UNIX: abstract names", abstract, false},
	{"TCP", tcp, false},
	{"UDP", udp, false},
	{"TCP over IPv6", tcp6, false},
	{"UDP over IPv6", udp6, false},
	{"socket options, filters", options, false},
	{"multicast", multicast, false},
	{"raw sockets", raw, true},
	{"packet sockets", packet, true},
	{"netlink: addresses", addresses, false},
	{"netlink: device events", device_events, false},
	{NULL, NULL, false},
};
