#ifndef FLOWRUN_CLIBZSTD_SHIM_H
#define FLOWRUN_CLIBZSTD_SHIM_H
#include <zstd.h>
#endif
