/* What Linux has and Swift's Glibc module does not show: typed, and without logic. */
#pragma once
