import { Field, InputType } from 'type-graphql';

@InputType({
  description: 'What is named together is cut: an alias and a tenant is the entries of that tenant in that alias.',
})
export class ClearCacheInput {
  @Field(() => Boolean, { defaultValue: false, description: 'Everything within your reach; goes alone.' })
  all!: boolean;

  @Field(() => String, { nullable: true })
  alias?: string;

  @Field(() => String, { nullable: true, description: 'Slug or id of a market. Yours unless you run the platform.' })
  tenant?: string;

  @Field(() => String, { nullable: true, description: 'A cached type, such as ERRAND_LIST.' })
  type?: string;

  @Field(() => [String], { nullable: true, description: 'Entries with any of these tags; for who runs the platform.' })
  tags?: string[];

  @Field(() => String, {
    nullable: true,
    description: 'A glob over keys, such as "errand:*"; with alias and tenant only.',
  })
  pattern?: string;
}

@InputType()
export class WarmCacheInput {
  @Field(() => [String], { nullable: true, description: 'Default: every type that can be warmed.' })
  types?: string[];

  @Field(() => String, { nullable: true, description: 'Slug or id of a market. Default: all within your reach.' })
  tenant?: string;
}
