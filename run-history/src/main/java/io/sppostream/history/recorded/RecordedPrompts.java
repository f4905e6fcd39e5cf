package io.sppostream.history.recorded;

import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Prompt;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import java.util.HashMap;
import java.util.Map;

/**
 * The recorded prompts, by request or by follow-up. Callers take them nearly in the order of the topic. Not thread-safe.
 */
public final class RecordedPrompts implements AutoCloseable {
    private final LogCursor<Prompt> cursor;
    private final Map<String, Prompt> buffered = new HashMap<>();

    /** @param cursor reads the topic; closed with this */
    public RecordedPrompts(LogCursor<Prompt> cursor) {
        this.cursor = cursor;
    }

    /**
     * Takes the prompt of a request or of a follow-up. Each can be taken once.
     *
     * @param id of the request or the follow-up
     * @throws LogException if there is none
     */
    public Prompt take(String id) {
        Prompt prompt = buffered.remove(id);
        while (prompt == null) {
            if (!cursor.hasNext()) {
                throw new LogException("request " + id + " has records but no prompt: check the run with ./sppo audit");
            }
            Prompt next = cursor.next().event();
            FollowUpRequest followUp = next.getFollowUp();
            String nextId = followUp == null ? next.getRequestId() : followUp.getId();
            if (nextId.equals(id)) {
                prompt = next;
            } else {
                buffered.put(nextId, next);
            }
        }
        return prompt;
    }

    @Override
    public void close() {
        cursor.close();
    }
}
