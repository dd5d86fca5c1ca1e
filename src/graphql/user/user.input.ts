import { Field, InputType } from 'type-graphql';
import { GeoPointInput } from '../errand/errand.input.js';

@InputType({ description: 'Only what is given changes; null empties it.' })
export class UpdateProfileInput {
  @Field(() => String, { nullable: true, description: '1 to 60 characters; cannot be emptied.' })
  displayName?: string;

  @Field(() => String, { nullable: true, description: 'Up to 500 characters.' })
  bio?: string | null;

  @Field(() => String, { nullable: true, description: 'An https:// address.' })
  avatarUrl?: string | null;

  @Field(() => String, { nullable: true, description: '2 to 80 characters.' })
  homeArea?: string | null;

  @Field(() => GeoPointInput, { nullable: true, description: 'Where you set off from; only you and staff see it.' })
  homePoint?: GeoPointInput | null;
}
