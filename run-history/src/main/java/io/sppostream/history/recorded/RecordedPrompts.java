package io.sppostream.history.recorded;

import io.sppostream.events.Prompt;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import java.util.HashMap;
import java.util.Map;

/** The recorded prompts, by request, without follow-ups. Callers take them nearly in the order of the topic. Not thread-safe. */
public final class RecordedPrompts implements AutoCloseable {
    private final LogCursor<Prompt> cursor;
    private final Map<String, Prompt> buffered = new HashMap<>();

    /** @param cursor reads the topic; closed with this */
    public RecordedPrompts(LogCursor<Prompt> cursor) {
        this.cursor = cursor;
    }

    /**
     * Takes the prompt of a request. Each can be taken once.
     *
     * @throws LogException if there is none
     */
    public Prompt take(String requestId) {
        Prompt prompt = buffered.remove(requestId);
        while (prompt == null) {
            if (!cursor.hasNext()) {
                throw new LogException(
                        "request " + requestId + " has records but no prompt: check the run with ./sppo audit");
            }
            Prompt next = cursor.next().event();
            if (next.getFollowUp() != null) {
                continue;
            }
            if (next.getRequestId().equals(requestId)) {
                prompt = next;
            } else {
                buffered.put(next.getRequestId(), next);
            }
        }
        return prompt;
    }

    @Override
    public void close() {
        cursor.close();
    }
}
