#ifndef FLOWRUN_CGLIBCSPAWN_SHIM_H
#define FLOWRUN_CGLIBCSPAWN_SHIM_H
#include <spawn.h>

// glibc has these (2.34 and newer), but shows them only to GNU sources, which Swift's Glibc module is not.

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
#endif
