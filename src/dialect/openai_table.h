/* The OpenAI tables as data: objects and hooks that the readers switch on. Private to dialect. */
#ifndef PST_DIALECT_OPENAI_TABLE_H
#define PST_DIALECT_OPENAI_TABLE_H

#include "dialect/lane.h"
#include "dialect/table.h"

#define VALUES(set, ...)
#define ROW(object, name, cls, types, child, values, channel, hook)
#define END(object)

enum pst_openai_request_object {
    PST_REQ_BEFORE_ = PST_CHILD_OBJECTS - 1,
#define OBJECT(object) PST_REQ_##object,
#include "tables/openai_chat_request.def"
#undef OBJECT
    PST_REQ_COUNT
};

enum pst_openai_answer_object {
    PST_ANS_BEFORE_ = PST_CHILD_OBJECTS - 1,
#define OBJECT(object) PST_ANS_##object,
#include "tables/openai_chat_answer.def"
#undef OBJECT
    PST_ANS_COUNT
};

#undef VALUES
#undef ROW
#undef END

enum pst_openai_request_hook {
    PST_REQ_HOOK_NONE,
    PST_REQ_HOOK_MODEL,
    PST_REQ_HOOK_MESSAGES,
    PST_REQ_HOOK_STREAM,
    PST_REQ_HOOK_STREAM_OPTIONS,
    PST_REQ_HOOK_INCLUDE_USAGE,
    PST_REQ_HOOK_MAX_TOKENS,
    PST_REQ_HOOK_MAX_COMPLETION,
    PST_REQ_HOOK_N,
    PST_REQ_HOOK_TOOLS,
    PST_REQ_HOOK_FUNCTIONS,
    PST_REQ_HOOK_TOOL_TYPE,
    PST_REQ_HOOK_TOOL_NAME,
    PST_REQ_HOOK_TOOL_CHOICE,
    PST_REQ_HOOK_MODALITIES,
    PST_REQ_HOOK_LOGPROBS,
    PST_REQ_HOOK_STORE,
    PST_REQ_HOOK_STATE,
    PST_REQ_HOOK_SERVICE_TIER,
    PST_REQ_HOOK_END_USER,
    PST_REQ_HOOK_SAFETY_ID,
    PST_REQ_HOOK_ROLE,
    PST_REQ_HOOK_CONTENT,
    PST_REQ_HOOK_TOOL_CALLS,
    PST_REQ_HOOK_TOOL_CALL_ID,
    PST_REQ_HOOK_ASSISTANT_ONLY,
    PST_REQ_HOOK_PART_TYPE,
    PST_REQ_HOOK_CALL_TYPE,
    PST_REQ_HOOK_IMAGE_URL,
    PST_REQ_HOOK_AUDIO_DATA,
    PST_REQ_HOOK_FILE_DATA,
    PST_REQ_HOOK_CAP_AUDIO_OUT,
    PST_REQ_HOOK_CAP_LOGIT_BIAS,
    PST_REQ_HOOK_CAP_PREDICTION,
    PST_REQ_HOOK_CAP_WEB_SEARCH,
    PST_REQ_HOOK_CAP_MODERATION,
    PST_REQ_HOOK_CAP_PROMPT_CACHE,
    PST_REQ_HOOK_CAP_JSON_SCHEMA,
};

enum pst_openai_answer_hook {
    PST_ANS_HOOK_NONE,
    PST_ANS_HOOK_ID,
    PST_ANS_HOOK_CREATED,
    PST_ANS_HOOK_MODEL,
    PST_ANS_HOOK_CHOICES,
    PST_ANS_HOOK_USAGE,
    PST_ANS_HOOK_ERROR,
    PST_ANS_HOOK_CHOICE_INDEX,
    PST_ANS_HOOK_FINISH,
    PST_ANS_HOOK_LOGPROBS,
    PST_ANS_HOOK_ROLE,
    PST_ANS_HOOK_CALLS,
    PST_ANS_HOOK_LEGACY_CALL,
    PST_ANS_HOOK_CALL_INDEX,
    PST_ANS_HOOK_CALL_ID,
    PST_ANS_HOOK_CALL_TYPE,
    PST_ANS_HOOK_CALL_NAME,
    PST_ANS_HOOK_CALL_ARGUMENTS,
    PST_ANS_HOOK_OPAQUE,
    PST_ANS_HOOK_COMPLETION_TOKENS,
    PST_ANS_HOOK_PROMPT_TOKENS,
    PST_ANS_HOOK_TOTAL_TOKENS,
    PST_ANS_HOOK_CACHED_TOKENS,
    PST_ANS_HOOK_REASONING_TOKENS,
};

/* What the channel column of the answer table means: a lane, or what is no lane. */
enum pst_openai_answer_channel {
    PST_ANS_CONTENT = PST_LANE_CONTENT,
    PST_ANS_REFUSAL = PST_LANE_REFUSAL,
    PST_ANS_REASONING = PST_LANE_REASONING,
    PST_ANS_REASONING2 = PST_LANE_REASONING2,
    PST_ANS_TRANSCRIPT = PST_LANE_TRANSCRIPT,
    PST_ANS_ATOM = PST_LANE_ATOM,
    PST_ANS_CALL = 64, /* part of a tool call, taken out by its hooks */
    PST_ANS_NONE = 65,
};

const struct pst_table *pst_openai_request_table(void);
const struct pst_table *pst_openai_answer_table(void);

#endif
