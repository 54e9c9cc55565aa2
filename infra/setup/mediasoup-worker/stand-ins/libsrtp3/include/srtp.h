/*
 * The part of the libsrtp 3 API that mediasoup-worker uses, on libsrtp 2, which is what Debian has. The names of
 * version 3 are macros, because some of them exist in version 2 with other parameters.
 */
#pragma once

#include <srtp2/srtp.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

static constexpr srtp_err_status_t srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
static constexpr srtp_err_status_t srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

/* Version 2 only points to its key; version 3 owns it. */
struct stand_in_policy
{
	srtp_policy_t v2;
	uint8_t key[SRTP_MAX_KEY_LEN];
};
typedef stand_in_policy* stand_in_policy_t;

inline srtp_err_status_t stand_in_policy_create(stand_in_policy_t* policy)
{
	auto* made = new (std::nothrow) stand_in_policy;

	if (!made)
		return srtp_err_status_alloc_fail;

	std::memset(made, 0, sizeof(*made));
	made->v2.key = made->key;
	*policy      = made;

	return srtp_err_status_ok;
}

inline void stand_in_policy_destroy(stand_in_policy_t policy)
{
	if (!policy)
		return;

	/* volatile, or the compiler leaves out the clearing of memory that nobody reads again. */
	volatile uint8_t* key = policy->key;

	for (size_t i = 0; i < sizeof(policy->key); ++i)
		key[i] = 0;

	delete policy;
}

inline srtp_err_status_t stand_in_policy_set_ssrc(stand_in_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->v2.ssrc = ssrc;

	return srtp_err_status_ok;
}

inline srtp_err_status_t stand_in_policy_set_profile(stand_in_policy_t policy, srtp_profile_t profile)
{
	const srtp_err_status_t status = srtp_crypto_policy_set_from_profile_for_rtp(&policy->v2.rtp, profile);

	if (status != srtp_err_status_ok)
		return status;

	return srtp_crypto_policy_set_from_profile_for_rtcp(&policy->v2.rtcp, profile);
}

inline srtp_err_status_t stand_in_policy_add_key(
  stand_in_policy_t policy,
  const uint8_t* key,
  size_t keyLen,
  const uint8_t* salt,
  size_t saltLen,
  const uint8_t* /*mki*/,
  size_t mkiLen)
{
	if (mkiLen != 0 || keyLen + saltLen > sizeof(policy->key))
		return srtp_err_status_bad_param;

	std::memcpy(policy->key, key, keyLen);
	std::memcpy(policy->key + keyLen, salt, saltLen);

	return srtp_err_status_ok;
}

inline srtp_err_status_t stand_in_policy_set_allow_repeat_tx(stand_in_policy_t policy, bool allow)
{
	policy->v2.allow_repeat_tx = allow ? 1 : 0;

	return srtp_err_status_ok;
}

inline srtp_err_status_t stand_in_policy_set_window_size(stand_in_policy_t policy, size_t size)
{
	policy->v2.window_size = size;

	return srtp_err_status_ok;
}

inline srtp_err_status_t stand_in_create(srtp_t* session, stand_in_policy_t policy)
{
	return srtp_create(session, &policy->v2);
}

inline srtp_err_status_t stand_in_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}

/* Version 2 works in place: the packet is copied to the output first. `grow` is what it may add to it. */
template<typename F>
inline srtp_err_status_t stand_in_in_place(
  F work, size_t grow, srtp_t ctx, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
{
	if (inLen + grow > *outLen || inLen > static_cast<size_t>(std::numeric_limits<int>::max()))
		return srtp_err_status_buffer_small;

	if (in != out)
		std::memmove(out, in, inLen);

	int len                        = static_cast<int>(inLen);
	const srtp_err_status_t status = work(ctx, static_cast<void*>(out), &len);

	if (status == srtp_err_status_ok)
		*outLen = static_cast<size_t>(len);

	return status;
}

inline srtp_err_status_t stand_in_protect(
  srtp_t ctx, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
{
	return stand_in_in_place(srtp_protect, SRTP_MAX_TRAILER_LEN, ctx, in, inLen, out, outLen);
}

inline srtp_err_status_t stand_in_unprotect(
  srtp_t ctx, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
{
	return stand_in_in_place(srtp_unprotect, 0, ctx, in, inLen, out, outLen);
}

/* The 4 bytes are the E flag and the SRTCP index (RFC 3711, section 3.4). */
inline srtp_err_status_t stand_in_protect_rtcp(
  srtp_t ctx, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
{
	return stand_in_in_place(srtp_protect_rtcp, SRTP_MAX_TRAILER_LEN + 4, ctx, in, inLen, out, outLen);
}

inline srtp_err_status_t stand_in_unprotect_rtcp(
  srtp_t ctx, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
{
	return stand_in_in_place(srtp_unprotect_rtcp, 0, ctx, in, inLen, out, outLen);
}

#define srtp_policy_t stand_in_policy_t
#define srtp_policy_create stand_in_policy_create
#define srtp_policy_destroy stand_in_policy_destroy
#define srtp_policy_set_ssrc stand_in_policy_set_ssrc
#define srtp_policy_set_profile stand_in_policy_set_profile
#define srtp_policy_add_key stand_in_policy_add_key
#define srtp_policy_set_allow_repeat_tx stand_in_policy_set_allow_repeat_tx
#define srtp_policy_set_window_size stand_in_policy_set_window_size
#define srtp_create stand_in_create
#define srtp_stream_remove stand_in_stream_remove
#define srtp_protect stand_in_protect
#define srtp_unprotect stand_in_unprotect
#define srtp_protect_rtcp stand_in_protect_rtcp
#define srtp_unprotect_rtcp stand_in_unprotect_rtcp
