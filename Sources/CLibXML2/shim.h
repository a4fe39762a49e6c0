#ifndef FLOWRUN_CLIBXML2_SHIM_H
#define FLOWRUN_CLIBXML2_SHIM_H
#include <libxml/xmlversion.h>
// Where libxml2 is built with ICU, its headers bring those of ICU, which clash with the copy in Foundation. Only the
// members of a structure that is never used here depend on this.
#undef LIBXML_ICU_ENABLED
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

// xmlFree is a variable that holds a function; Swift cannot use it from several threads.
static inline void flowrun_xml_free(void *memory) { xmlFree(memory); }
#endif
