#ifndef FLOWRUN_CLIBCURL_SHIM_H
#define FLOWRUN_CLIBCURL_SHIM_H
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

// Swift cannot call variadic functions: one inline wrapper for each kind of value.

static inline CURLcode flow_curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode flow_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode flow_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode flow_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

typedef size_t (*flow_curl_transfer_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode flow_curl_set_transfer(CURL *easy, CURLoption option, flow_curl_transfer_callback callback) {
  return curl_easy_setopt(easy, option, callback);
}

typedef int (*flow_curl_seek_callback)(void *context, curl_off_t offset, int origin);

static inline CURLcode flow_curl_set_seek(CURL *easy, flow_curl_seek_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
}

typedef curl_socket_t (*flow_curl_socket_callback)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode flow_curl_set_open_socket(CURL *easy, flow_curl_socket_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
}

static inline CURLMcode flow_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLcode flow_curl_get_long(CURL *easy, CURLINFO field, long *value) {
  return curl_easy_getinfo(easy, field, value);
}

static inline CURLcode flow_curl_get_offset(CURL *easy, CURLINFO field, curl_off_t *value) {
  return curl_easy_getinfo(easy, field, value);
}

static inline CURLcode flow_curl_get_pointer(CURL *easy, CURLINFO field, void **value) {
  return curl_easy_getinfo(easy, field, (char **)value);
}

// The bytes of an Internet address: 4 or 16 of them; 0 for another family, such as a Unix socket.
static inline int flow_curl_address_bytes(const struct curl_sockaddr *address, uint8_t bytes[16]) {
  if (address->family == AF_INET) {
    struct sockaddr_in inet;
    memcpy(&inet, &address->addr, sizeof inet);
    memcpy(bytes, &inet.sin_addr, 4);
    return 4;
  }
  if (address->family == AF_INET6) {
    struct sockaddr_in6 inet6;
    memcpy(&inet6, &address->addr, sizeof inet6);
    memcpy(bytes, &inet6.sin6_addr, 16);
    return 16;
  }
  return 0;
}

static inline curl_socket_t flow_curl_open_socket(const struct curl_sockaddr *address) {
#ifdef SOCK_CLOEXEC
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
  return socket(address->family, address->socktype, address->protocol);
#endif
}

// The result of the finished transfer of a message; only a message CURLMSG_DONE has one.
static inline CURLcode flow_curl_message_result(const CURLMsg *message) { return message->data.result; }

#endif
