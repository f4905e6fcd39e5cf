@NullMarked
package io.sppostream.sppo.audit;

import org.jspecify.annotations.NullMarked;
