/* libyaml, as Debian ships it. */
#pragma once
#include <yaml.h>
