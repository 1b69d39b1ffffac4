/* The parts of libsystemd that pawl uses. Of the variadic functions there each has a plain peer, so none is wrapped. */
#pragma once
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
